#!/usr/bin/env python3
"""A `neighbour` node: who listens gives the caller a name at once, and a caller is stuck until it
has got one."""
import os
import re
import socket
import threading

BIND = os.environ.get("GUEST_BIND", "0.0.0.0")
PORT = int(os.environ.get("GUEST_PORT", "9999"))
RANGE = os.environ.get("GUEST_RANGE", "192.168.1.1-254:9999-9999")
OWN = BIND if BIND != "0.0.0.0" else "127.0.0.1"
links = {}  # name -> (socket, address)
MENU = ("1 conectar, 2 enviar a todos, 3 enviar a uno, 4 conexiones, 5 buscar, 6 nombrar, "
        "7 llamar, 8 desconectar, 9 salir: ")


def hear(name, link):
    try:
        while True:
            data = link.recv(1024)
            if not data:
                break
            print(f"{name}: {data.decode('utf-8')}", flush=True)
    except (OSError, UnicodeDecodeError) as error:
        print("error:", error, flush=True)
    links.pop(name, None)
    print(f"{name} se fue", flush=True)


def keep(name, link, address):
    links[name] = (link, address)
    threading.Thread(target=hear, args=(name, link), daemon=True).start()


def listen():
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((BIND, PORT))
    door.listen()
    print("escuchando", flush=True)
    number = 0
    while True:
        link, address = door.accept()
        number += 1
        link.send(f"Vecino {number}".encode("utf-8"))
        print(f"llego Vecino {number}", flush=True)
        keep(f"Vecino {number}", link, address[0])


def dial(host, port):
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if BIND != "0.0.0.0":
        link.bind((BIND, 0))
    link.settimeout(2)
    link.connect((host, port))
    link.settimeout(None)
    return link


def connect(host, port, first=None):
    if host == OWN and port == PORT:
        print("no a ti mismo", flush=True)
        return
    if any(address == host for _, address in links.values()):
        print("ya estas conectado", flush=True)
        return
    try:
        link = dial(host, port)
        name = link.recv(1024).decode("utf-8")  # it blocks here, and throws it away
        print(f"conectado {len(name) > 0}", flush=True)
        if first:
            link.send(first.encode("utf-8"))
        keep(host, link, host)
    except OSError as error:
        print("error:", error, flush=True)


def scan():
    net, low, high, first, last = re.fullmatch(r"(.*\.)(\d+)-(\d+):(\d+)-(\d+)", RANGE).groups()
    hosts = range(int(low), int(high) + 1)
    for done, host in enumerate(hosts, 1):
        for port in range(int(first), int(last) + 1):
            if (net + str(host), port) == (OWN, PORT):
                continue
            try:
                dial(net + str(host), port).close()  # only whether it is there
            except OSError:
                continue
            connect(net + str(host), port, f"Vecino {OWN.rsplit('.', 1)[1]}")
        print(f"{done * 100 // len(hosts)} %", flush=True)


def send(name, text):
    try:
        links[name][0].send(text.encode("utf-8"))
    except (KeyError, OSError) as error:
        print("error:", error, flush=True)


def choose(number):
    if number == "1":
        host = input("IP: ")
        connect(host, int(input("Puerto: ")))
    elif number == "2":
        text = input("Mensaje: ")
        for name in list(links):
            send(name, text)
    elif number == "3":
        name = input("A quien: ")
        send(name, input("Mensaje: "))
    elif number == "4":
        for name, (_, address) in list(links.items()):
            print(f"conexion {name} {address}", flush=True)
    elif number == "5":
        scan()
    elif number == "6":
        old, new = input("A quien: "), input("Nombre: ")
        if old in links:
            links[new] = links.pop(old)
    elif number == "7":
        send(input("A quien: "), f"Estás siendo llamado desde {OWN}")
    elif number == "8":
        for link, _ in list(links.values()):
            link.close()
        links.clear()
    return number != "9"


threading.Thread(target=listen, daemon=True).start()
try:
    while choose(input(MENU)):
        pass
except EOFError:
    threading.Event().wait()
