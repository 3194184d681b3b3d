"""A participant with aiortc: a second WebRTC stack, which sees the same signalling as a browser."""

import asyncio
import threading

import socketio
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.sdp import candidate_from_sdp


class RTCPeer:
    """Joins the call of a room and answers the offers of those who come later; runs on a thread of its own."""

    def __init__(self, url, room, name):
        self.frames = 0
        self.error = None
        self._url, self._room, self._name = url, room, name
        self._connections = {}
        self._tasks = []
        self._joined = threading.Event()
        self._thread = threading.Thread(target=self._main, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._joined.wait(20), f"aiortc's peer did not join: {self.error!r}"
        if self.error:
            raise self.error
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    def _main(self):
        try:
            asyncio.run(self._run())
        except Exception as error:
            self.error = error
        finally:
            self._joined.set()

    async def _run(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("signal", self._receive, namespace="/room")
        await self._client.connect(self._url, namespaces=["/room"], transports=["websocket"])
        call = {"stay": "aiortc", "audio": False, "video": True, "screen": False}
        joined = await self._request(
            "join", {"room": self._room, "name": self._name, "version": 1, "call": call}
        )
        self._epoch = joined["epoch"]
        self.id = joined["self"]
        servers = [RTCIceServer(**server) for server in joined["iceServers"]]
        self._configuration = RTCConfiguration(iceServers=servers)
        self._joined.set()
        await self._stop.wait()
        for task in self._tasks:
            task.cancel()
        for connection in self._connections.values():
            await connection.close()
        await self._client.disconnect()

    async def _request(self, event, argument):
        answer = await self._client.call(event, argument, namespace="/room", timeout=10)
        assert "error" not in answer, answer
        return answer

    async def _receive(self, peer, signal):
        try:
            if description := signal.get("description"):
                await self._answer(peer, description)
            elif (candidate := signal.get("candidate")) and candidate["candidate"]:
                parsed = candidate_from_sdp(candidate["candidate"].removeprefix("candidate:"))
                parsed.sdpMid, parsed.sdpMLineIndex = candidate["sdpMid"], candidate["sdpMLineIndex"]
                await self._connections[peer].addIceCandidate(parsed)
        except Exception as error:
            self.error = error

    async def _answer(self, peer, description):
        connection = self._connections.get(peer)
        if connection is None:
            connection = self._connections[peer] = RTCPeerConnection(self._configuration)
            connection.addTrack(VideoStreamTrack())
            connection.on("track", lambda track: self._tasks.append(asyncio.ensure_future(self._count(track))))
        await connection.setRemoteDescription(RTCSessionDescription(description["sdp"], description["type"]))
        # aiortc gathers all candidates before it answers, so that none follow.
        await connection.setLocalDescription(await connection.createAnswer())
        local = connection.localDescription
        payload = {"epoch": self._epoch, "description": {"type": local.type, "sdp": local.sdp}}
        await self._request("signal", (peer, payload))

    async def _count(self, track):
        while True:
            await track.recv()
            if track.kind == "video":
                self.frames += 1
