"""python-socketio on uvicorn with the events of socketio-conformance: a reference for the benchmarks."""

import argparse
import socket

import socketio
import uvicorn

io = socketio.AsyncServer(async_mode="asgi", always_connect=True)


@io.event
async def connect(sid, environ, auth):
    await io.emit("auth", auth or {}, to=sid)


@io.on("echo")
async def echo(sid, *arguments):
    return arguments


@io.on("join")
async def join(sid, room):
    await io.enter_room(sid, room)


@io.on("say")
async def say(sid, room, text):
    await io.emit("said", text, room=room)


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    configuration = uvicorn.Config(
        socketio.ASGIApp(io),
        log_level="error",
        loop="uvloop",
        http="httptools",
        # Engine.IO has pings of its own.
        ws_ping_interval=None,
        ws_per_message_deflate=False,
    )
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    uvicorn.Server(configuration).run(sockets=[listener])


if __name__ == "__main__":
    main()
