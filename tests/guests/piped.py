#!/usr/bin/env python3
"""A `piped` node: piped.py HOST PORT [PEER_HOST PEER_PORT]. Passes on whatever it hears to all but
where it came from, and drops whoever sends a message without a bar."""
import socket
import sys
import threading

HOST, PORT = sys.argv[1], int(sys.argv[2])
IDENTITY = f"{HOST}:{PORT}"
links = []
lock = threading.Lock()


def flood(data, but=None):
    with lock:
        for link in list(links):
            if link is not but:
                try:
                    link.sendall(data)
                except OSError:
                    links.remove(link)


def hear(link, told):
    with lock:
        links.append(link)
    print(told, flush=True)
    try:
        while True:
            data = link.recv(1024)
            if not data:
                break
            name, text = data.decode("utf-8").split("|", 1)
            print(f"[{name}] {text}", flush=True)
            flood(data, link)
    except (OSError, ValueError) as error:
        print("error:", error, flush=True)
    with lock:
        if link in links:
            links.remove(link)
    link.close()
    print("un vecino se fue", flush=True)


def listen():
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((HOST, PORT))
    door.listen()
    print("escuchando", flush=True)
    while True:
        link, _ = door.accept()
        threading.Thread(target=hear, args=(link, "llego un vecino"), daemon=True).start()


threading.Thread(target=listen, daemon=True).start()
if len(sys.argv) > 4:
    first = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    first.connect((sys.argv[3], int(sys.argv[4])))
    threading.Thread(target=hear, args=(first, "conectado"), daemon=True).start()
try:
    while True:
        flood(f"{IDENTITY}|{input()}".encode("utf-8"))
except EOFError:
    threading.Event().wait()
