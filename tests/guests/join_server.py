#!/usr/bin/env python3
"""A `join` server: names, lines for everyone else, and who came and went."""
import os
import socket
import threading

BIND = os.environ.get("GUEST_BIND", "0.0.0.0")
PORT = int(os.environ.get("GUEST_PORT", "5000"))
people = {}
lock = threading.Lock()


def tell(text, but):
    with lock:
        for link in list(people):
            if link is not but:
                try:
                    link.send(text.encode("utf-8"))
                except OSError:
                    pass


def serve(link):
    name = None
    try:
        while True:
            data = link.recv(1024)
            if not data:
                break
            text = data.decode("utf-8")
            print(f"< {text}", flush=True)
            if text.startswith("JOIN "):
                wanted = text[5:].strip()
                with lock:
                    taken = wanted in people.values()
                    if not taken:
                        name = people[link] = wanted
                if taken:
                    link.send("Ese nombre ya existe".encode("utf-8"))
                else:
                    print(f"entró {name}", flush=True)
                    tell(f"(づ｡◕‿‿◕｡)づ {name} se unió al chat ✧", link)
            elif text.startswith("MSG ") and name:
                tell(f"{name}: {text[4:]}", link)
            elif text == "EXIT":
                break
    except (OSError, UnicodeDecodeError) as error:
        print("error:", error, flush=True)
    with lock:
        people.pop(link, None)
    link.close()
    if name:
        tell(f"(╥﹏╥) {name} salió del chat", link)


door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
door.bind((BIND, PORT))
door.listen()
print("escuchando", flush=True)
while True:
    new, _ = door.accept()
    threading.Thread(target=serve, args=(new,), daemon=True).start()
