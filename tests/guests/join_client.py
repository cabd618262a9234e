#!/usr/bin/env python3
"""A `join` client: connects, and says nothing before its user has typed a name."""
import os
import socket
import threading

HOST = os.environ.get("GUEST_HOST", "127.0.0.1")
PORT = int(os.environ.get("GUEST_PORT", "5000"))

link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
link.connect((HOST, PORT))
print("conectado", flush=True)


def show():
    while True:
        try:
            data = link.recv(1024)
        except OSError:
            break
        if not data:
            break
        print(data.decode("utf-8"), flush=True)
    print("desconectado", flush=True)


threading.Thread(target=show, daemon=True).start()
try:
    link.send(f"JOIN {input('Nombre: ')}".encode("utf-8"))
    while True:
        text = input()
        if text in ("", "EXIT"):
            break
        link.send(f"MSG {text}".encode("utf-8"))
except EOFError:
    pass
try:
    link.send("EXIT".encode("utf-8"))
except OSError:
    pass
link.close()
