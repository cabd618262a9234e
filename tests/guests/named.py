#!/usr/bin/env python3
"""A `named` node: its scanner asks every port for a name, its listener passes words on to the others
who called, and nothing is ever read from whom it called itself."""
import os
import re
import socket
import threading

BIND = os.environ.get("GUEST_BIND", "0.0.0.0")
PORT = int(os.environ.get("GUEST_PORT", "9999"))
NAME = os.environ.get("GUEST_NAME", "Criss")
RANGE = os.environ.get("GUEST_RANGE", "192.168.2.121-160:9990-10005")
callers = []
called = []


def serve(link):
    callers.append(link)
    try:
        while True:
            text = link.recv(1024).decode("utf-8")
            if not text:
                break
            command = text.lower()
            if command == "--name":
                link.send(NAME.encode("utf-8"))
            elif command == "--hb":
                link.send("--hb".encode("utf-8"))
            elif command == "--co":
                continue
            else:
                print(f"mensaje: {text}", flush=True)
                for other in callers:
                    if other is not link:
                        other.send(text.encode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        print("error:", error, flush=True)
    callers.remove(link)
    link.close()


def listen():
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((BIND, PORT))
    door.listen()
    print("escuchando", flush=True)
    while True:
        link, _ = door.accept()
        threading.Thread(target=serve, args=(link,), daemon=True).start()


def outward():
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if BIND != "0.0.0.0":
        link.bind((BIND, 0))
    return link


def scan():
    net, low, high, first, last = re.fullmatch(r"(.*\.)(\d+)-(\d+):(\d+)-(\d+)", RANGE).groups()
    for host in range(int(low), int(high)):
        for port in range(int(first), int(last) + 1):
            if (net + str(host), port) == (BIND, PORT):
                continue
            link = outward()
            link.settimeout(0.1)
            if link.connect_ex((net + str(host), port)) == 0:
                link.send("--name".encode("utf-8"))
                try:
                    name = link.recv(1024).decode("utf-8")
                except socket.timeout:
                    name = "Anonimo"
                print(f"servidor {net}{host}:{port} {name}", flush=True)
            link.close()
    print("fin", flush=True)


def connect():
    host, port = input("Ip:"), input("Puerto:")
    if not port.isdigit():
        print("El puerto debe ser un numero entero.", flush=True)
        return
    link = outward()
    try:
        link.connect((host, int(port)))
        called.append(link)
        print("conectado", flush=True)
    except OSError as error:
        print("error:", error, flush=True)


def talk():
    connect()
    while True:
        text = input("Mensaje: ")
        if text.lower() == "--ex":
            break
        if text.lower() == "--ch":
            connect()
            continue
        for link in called:
            try:
                link.send(text.encode("utf-8"))
            except OSError as error:
                print("error:", error, flush=True)
    while called:
        called.pop().close()


threading.Thread(target=listen, daemon=True).start()
try:
    while True:
        chosen = input("0 buscar, 1 conectar: ")
        if chosen == "0":
            scan()
        elif chosen == "1":
            talk()
except EOFError:
    threading.Event().wait()
