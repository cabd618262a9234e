#!/usr/bin/env python3
"""A `dated` node: a message is a call. Says it with the date, waits for the answer, hangs up."""
import os
import socket
import threading
from datetime import datetime

PORT = int(os.environ.get("GUEST_PORT", "5555"))
BIND = os.environ.get("GUEST_BIND", "0.0.0.0")
KEPT = "messages.txt"
keeping = threading.Lock()


def stamp():
    return datetime.now().strftime("%Y-%m-%d %H:%M:%S")


def keep(line):
    with keeping, open(KEPT, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def answer(link, caller):
    while True:
        data = link.recv(1024)
        if not data:
            break
        text = data.decode("utf-8")
        at = stamp()
        print(f"recibido {caller}: {text}", flush=True)
        keep(f"De {caller}: {text} - Recibido a {at}")
        link.send(f"Mensaje recibido a las {at}".encode("utf-8"))
    link.close()


def listen():
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((BIND, PORT))
    door.listen(5)
    print("escuchando", flush=True)
    while True:
        link, caller = door.accept()
        threading.Thread(target=answer, args=(link, caller), daemon=True).start()


def send(text, address):
    message = f"{stamp()}: {text}"
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if BIND != "0.0.0.0":
        link.bind((BIND, 0))
    keep(f"Enviado a {address}: {message}")
    try:
        link.connect((address, PORT))
        link.send(message.encode("utf-8"))
        print("respuesta:", link.recv(1024).decode("utf-8"), flush=True)  # as long as it takes
    except OSError as error:
        print("error:", error, flush=True)
    link.close()


threading.Thread(target=listen, daemon=True).start()
try:
    while True:
        said = input("Mensaje: ")
        send(said, input("IP destino: "))
except EOFError:
    threading.Event().wait()  # its listener goes on
