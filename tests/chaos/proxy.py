#!/usr/bin/env python3
"""A bad network between real programs.

    proxy.py [--seed N] REAL=STANDIN...

Each pair is HOST:PORT=HOST:PORT. Who calls a stand-in gets a connection to the real one behind it,
and where the caller is a real one of a pair itself, it comes from the caller's stand-in. So a mesh
whose programs know each other by their stand-ins talks through here in both directions.

Each connection gets a character when it is made, that follows from the seed and from its number:

    plain      as it came
    delay      later, by some ms that change, in order
    stall      for some seconds nothing at all, then all of it
    trickle    a byte at a time
    cap        so many bytes a second
    truncate   its end (FIN) comes in the middle
    reset      RST in the middle, both ways
    half-open  one end is gone in the middle, and the other is not told
    duplicate  what the caller says first arrives a second time, on a connection of its own

On standard input: `calm` makes what comes plain and ends every other connection, `storm` is as in
the beginning, `cut` resets all. Each is answered by a JSON line that counts the characters so far.
It ends with its input. Nothing is ever altered on the way: a chat over TCP may rely on that.
"""
import asyncio
import json
import random
import socket
import struct
import sys

PIECE = 16384  # bytes that are read at once
HELD = 64  # pieces on their way in one direction: then the sender has to wait, as it has in TCP
KINDS = {"plain": 6, "delay": 6, "stall": 2, "trickle": 2, "cap": 3, "truncate": 2, "reset": 2,
         "half-open": 1, "duplicate": 2}


class Ended(Exception):
    """A connection that is to end in the middle."""


class Character:
    """What a connection is like; `ways` are "out" (from the caller) and "back"."""

    def __init__(self, kind, chance):
        self.kind = kind
        self.base = chance.uniform(0.002, 0.3)
        self.jitter = chance.uniform(0, self.base)
        self.rate = chance.choice([4000, 20000, 100000])  # bytes a second
        self.slow_bytes = chance.randrange(300, 6000)  # so many of them one by one
        self.limit = chance.choice([chance.randrange(1, 600), chance.randrange(600, 60000)])
        self.way = chance.choice(["out", "back"])
        self.stall_at = chance.randrange(0, 20000)
        self.stall_for = chance.choice([2, 5, 12])
        self.chance = chance


class Connection:
    def __init__(self, proxy, character, caller, called):
        self.proxy = proxy
        self.character = character
        self.ends = {"out": (caller[0], called[1]), "back": (called[0], caller[1])}
        self.writers = (caller[1], called[1])
        self.passed = {"out": 0, "back": 0}
        self.gone = False  # one end is, and the other does not know

    def reset(self):
        for writer in self.writers:
            sock = writer.get_extra_info("socket")
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
            writer.transport.abort()

    def close(self):
        for writer in self.writers:
            writer.close()

    async def run(self):
        pumps = [asyncio.ensure_future(self.pump(way)) for way in self.ends]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
            if any(isinstance(pump.exception(), OSError) for pump in done):
                self.reset()
        except asyncio.CancelledError:
            pass  # it is the proxy's end
        finally:
            for pump in pumps:
                pump.cancel()
            self.close()

    async def pump(self, way):
        """In order, whatever happens to it."""
        reader, writer = self.ends[way]
        queue = asyncio.Queue(HELD)
        feeding = asyncio.ensure_future(self.feed(way, reader, queue))
        try:
            while True:
                due, data = await queue.get()
                wait = due - asyncio.get_running_loop().time()
                if wait > 0:
                    await asyncio.sleep(wait)
                if self.gone and way != self.character.way:
                    return await asyncio.Event().wait()
                if isinstance(data, Exception):
                    raise data
                if not data and self.gone:
                    raise Ended
                if not data:
                    writer.write_eof()
                    return
                if not self.gone:
                    await self.give(way, writer, data)
        finally:
            feeding.cancel()

    async def feed(self, way, reader, queue):
        loop, due = asyncio.get_running_loop(), 0
        while True:
            try:
                data = await reader.read(PIECE)
            except OSError:
                data = ConnectionResetError()
            one = self.character
            later = one.base + one.chance.uniform(0, one.jitter) if one.kind == "delay" else 0
            due = max(due, loop.time() + later)
            await queue.put((due, data))
            if not data or isinstance(data, Exception):
                return

    async def give(self, way, writer, data):
        one = self.character
        begun, self.passed[way] = self.passed[way], self.passed[way] + len(data)
        if one.kind == "stall" and way == one.way and begun <= one.stall_at < self.passed[way]:
            await asyncio.sleep(one.stall_for)
        elif one.kind == "trickle" and begun < one.slow_bytes:
            for at in range(len(data)):
                writer.write(data[at:at + 1])
                await writer.drain()
                await asyncio.sleep(0)  # the other connections go on
            return
        elif one.kind == "cap":
            await asyncio.sleep(len(data) / one.rate)
        elif one.kind in ("truncate", "reset", "half-open") and way == one.way:
            data = data[:max(0, one.limit - begun)]
            if self.passed[way] >= one.limit:
                writer.write(data)
                await self.middle(writer)
                return
        writer.write(data)
        await writer.drain()

    async def middle(self, writer):
        if self.character.kind == "reset":
            raise ConnectionResetError
        if self.character.kind == "truncate":
            await writer.drain()
            raise Ended
        # half-open: its end is gone; what else comes is taken, and goes nowhere
        writer.transport.abort()
        self.gone = True


class Proxy:
    def __init__(self, seed, pairs, kinds=None):
        """`pairs`: [((host, port), (host, port))], the real one first. `kinds`: {name: weight}."""
        self.seed = seed
        self.real = {standin: real for real, standin in pairs}
        self.standin = {real[0]: standin[0] for real, standin in pairs}
        self.kinds = kinds or KINDS
        self.number = 0
        self.calm = False
        self.counts = {}
        self.living = {}  # Connection -> its task

    async def listen(self):
        for address in self.real:
            def taken(reader, writer, address=address):
                return self.take(address, reader, writer)
            await asyncio.start_server(taken, *address)

    def character(self):
        self.number += 1
        chance = random.Random(f"{self.seed} {self.number}")
        kind = chance.choices(list(self.kinds), list(self.kinds.values()))[0]
        kind = "plain" if self.calm else kind
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return Character(kind, chance)

    async def call(self, address, caller_host):
        standin = self.standin.get(caller_host)
        local = (standin, 0) if standin and not standin.startswith("127.") else None
        return await asyncio.open_connection(*self.real[address], local_addr=local)

    async def take(self, address, reader, writer):
        caller_host = writer.get_extra_info("peername")[0]
        character = self.character()
        try:
            called = await asyncio.wait_for(self.call(address, caller_host), 10)
        except (OSError, asyncio.TimeoutError):
            writer.transport.abort()
            return
        if character.kind == "duplicate":
            reader = await self.twice(address, caller_host, reader, called[1])
        connection = Connection(self, character, (reader, writer), called)
        self.living[connection] = asyncio.current_task()
        try:
            await connection.run()
        finally:
            self.living.pop(connection, None)

    async def twice(self, address, caller_host, reader, writer):
        """The first piece goes both ways; the second connection hears it, and is dropped later."""
        first = await reader.read(PIECE)
        writer.write(first)
        try:
            _, again = await asyncio.wait_for(self.call(address, caller_host), 10)
        except (OSError, asyncio.TimeoutError):
            return reader
        again.write(first)
        asyncio.get_running_loop().call_later(3, again.close)
        return reader

    def end(self, but_plain):
        for connection in list(self.living):
            if not but_plain or connection.character.kind != "plain":
                connection.reset()

    def obey(self, word):
        if word in ("calm", "storm"):
            self.calm = word == "calm"
        if word in ("calm", "cut"):
            self.end(but_plain=word == "calm")
        counts = dict(sorted(self.counts.items()))
        return {"now": word, "living": len(self.living), "counts": counts}


def address_of(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


async def serve(seed, pairs):
    proxy = Proxy(seed, pairs)
    await proxy.listen()
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print(json.dumps({"now": "ready"}), flush=True)
    while line := await lines.readline():
        print(json.dumps(proxy.obey(line.decode().strip())), flush=True)
    proxy.end(but_plain=False)


def main():
    words = sys.argv[1:]
    seed = 1
    if words[:1] == ["--seed"]:
        seed, words = int(words[1]), words[2:]
    if not words or words[0].startswith("-"):
        sys.exit(__doc__)
    pairs = [tuple(address_of(part) for part in word.split("=")) for word in words]
    asyncio.run(serve(seed, pairs))


if __name__ == "__main__":
    main()
