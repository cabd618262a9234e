"""What the proxy says it does, it does: each character on loopback, with a program that echoes."""
import asyncio
import time

from proxy import Proxy

SIZE = 30000
LIMIT = 30


async def echo(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (OSError, asyncio.CancelledError):
        pass
    writer.close()


async def through(kind, test):
    """`test` talks to an echo through such a connection; and how often the echo was called."""
    calls = []

    async def called(reader, writer):
        calls.append(writer)
        await echo(reader, writer)

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    probe = await asyncio.start_server(echo, "127.0.0.1", 0)
    real, standin = (s.sockets[0].getsockname() for s in (server, probe))
    probe.close()
    await probe.wait_closed()
    proxy = Proxy(1, [(real, standin)], {kind: 1})
    await proxy.listen()
    reader, writer = await asyncio.open_connection(*standin)
    try:
        return await asyncio.wait_for(test(proxy, reader, writer), LIMIT), len(calls)
    finally:
        writer.close()
        proxy.end(False)


async def all_comes(_proxy, reader, writer):
    data = bytes(number % 251 for number in range(SIZE))
    began = time.monotonic()
    writer.write(data)
    got = await reader.readexactly(SIZE)
    assert got == data, "what came is not what was sent"
    return time.monotonic() - began


async def until_the_end(proxy, reader, writer):
    """How much comes back, and how it ends."""
    got, how = b"", "silence"
    writer.write(bytes(60000))
    try:
        while True:
            piece = await asyncio.wait_for(reader.read(65536), 1)
            if not piece:
                how = "end"
                break
            got += piece
    except asyncio.TimeoutError:
        pass
    except ConnectionResetError:
        how = "reset"
    ways = [connection.character.way for connection in proxy.living]
    return len(got), how, ways


async def checks():
    plain, calls = await through("plain", all_comes)
    assert calls == 1
    for kind in ("delay", "stall", "trickle", "cap"):
        took, _ = await through(kind, all_comes)
        assert took > plain + (2 if kind == "stall" else 0), f"{kind}: {took} s, plain {plain} s"
    for kind, wanted in (("truncate", "end"), ("reset", "reset")):
        (size, how, ways), _ = await through(kind, until_the_end)
        assert size < 60000 and how == wanted and not ways, f"{kind}: {size} bytes, then {how}"
    (size, how, [way]), _ = await through("half-open", until_the_end)
    assert how == ("silence" if way == "out" else "reset"), f"half-open {way}: {how}"
    _, calls = await through("duplicate", all_comes)
    assert calls == 2, f"duplicate: called {calls} times"


def characters():
    """The same seed, the same characters."""
    one, two, other = (Proxy(seed, []) for seed in (7, 7, 8))
    kinds = [[proxy.character().kind for _ in range(200)] for proxy in (one, two, other)]
    assert kinds[0] == kinds[1] != kinds[2]
    assert len(set(kinds[0])) == 9, "not all of them are met"


def run():
    characters()
    asyncio.run(checks())
