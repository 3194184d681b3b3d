"""A chat client for one room of LinkUp, in the terminal: docs/protocol.md, put to use.

    pip install "python-socketio[asyncio_client]"
    python3 Examples/room_client.py http://localhost:3000 kitchen Ann

Prints what is said, and who comes and goes; says each line of its input. It leaves when the input ends, or on Control-C.
"""

import asyncio
import contextlib
import sys
import threading
import uuid

import socketio

NAMESPACE = "/room"


class Refused(Exception):
    """The server answered with an error, `{ "code", … }`; words for people are ours."""


class RoomClient:
    def __init__(self, room, name):
        self.room, self.name = room, name
        self.over = asyncio.Event()  # There is no way in, or no more.
        self.key = None  # Proves who we are when we join again.
        self.members = {}  # As the server described them last, by their ids.
        self.last_number = 0  # That of the newest message which was shown.
        self.is_in = asyncio.Event()  # Events that come before the answer to `join` wait for it.
        self.socket = socketio.AsyncClient(handle_sigint=False)  # Connects again by itself.
        for event, handler in {
            "connect": self.join, "admitted": self.join,
            "denied": lambda _: self.give_up("You may not be in this room"),
            "disconnect": lambda *_: self.is_in.clear(),
            "message": self.on_message, "member": self.on_member, "member-left": self.on_member_left,
        }.items():
            self.socket.on(event, handler, namespace=NAMESPACE)

    async def request(self, event, **argument):
        """Every request is answered: by its result, or by an error."""
        answer = await self.socket.call(event, argument, namespace=NAMESPACE, timeout=10)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    async def join(self, _=None):
        """Runs on every connection, so that we are back after a loss; with the key as who we were."""
        try:
            answer = await self.request("join", room=self.room, name=self.name, version=1, key=self.key)
        except Refused as refusal:
            return self.give_up(f"You can't enter: {refusal}")
        self.key = answer["key"]
        if answer.get("waiting"):
            return print("* Wait until somebody lets you in")
        self.members = {member["id"]: member for member in answer["members"]}
        print("* In the room:", ", ".join(member["name"] for member in answer["members"]))
        if self.last_number:
            await self.catch_up()
        for message in answer["messages"]:
            self.show(message)
        self.is_in.set()

    def give_up(self, reason):
        print("*", reason)
        self.over.set()

    async def on_message(self, message):
        await self.is_in.wait()
        if message["number"] > self.last_number + 1:
            await self.catch_up()  # Numbers have no holes: something did not reach us.
        self.show(message)

    async def catch_up(self):
        """Shows all that was said after the newest message that we know."""
        more = True
        while more:
            page = await self.request("history", after=self.last_number)
            more = page["more"]
            for message in page["messages"]:
                self.show(message)

    def show(self, message):
        """Prints a message that is new or has changed; others we know."""
        if message.get("deleted"):
            print(f"  [{message['number']}] was taken back")
        elif message["number"] > self.last_number or "edited" in message:
            print(f"  [{message['number']}] {message['name']}: {message['text']}")
        self.last_number = max(self.last_number, message["number"])

    async def on_member(self, member):
        await self.is_in.wait()
        known = self.members.get(member["id"])
        self.members[member["id"]] = member
        if known is None:
            print(f"* {member['name']} comes")
        elif known["away"] != member["away"]:
            print(f"* {member['name']} is {'away' if member['away'] else 'back'}")

    async def on_member_left(self, left):
        await self.is_in.wait()
        if member := self.members.pop(left["id"], None):
            print(f"* {member['name']} goes")

    async def say(self, text):
        """Says something once, however often that has to be tried: by the key the server knows it again."""
        key = str(uuid.uuid4())
        while True:
            await self.is_in.wait()
            try:
                return await self.on_message((await self.request("say", text=text, key=key))["message"])
            except Refused as refusal:
                (error,) = refusal.args
                if error["code"] not in ("too-many-requests", "not-stored", "busy"):
                    return print("* Not said:", error)
                await asyncio.sleep(error.get("retryAfter", 1000) / 1000)
            except socketio.exceptions.SocketIOError:
                await asyncio.sleep(1)  # The connection is lost, and perhaps the answer with it.


async def main(url, room, name):
    client, lines, loop = RoomClient(room, name), asyncio.Queue(), asyncio.get_running_loop()

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line.strip())
        loop.call_soon_threadsafe(lines.put_nowait, None)

    async def talk():
        await client.socket.connect(url, namespaces=[NAMESPACE], wait_timeout=10)
        threading.Thread(target=read, daemon=True).start()
        while (line := await lines.get()) is not None:
            if line:
                await client.say(line)

    # Tasks of their own: before Python 3.12 a request that is cancelled as its answer comes goes on as if nothing were.
    talking, over = asyncio.create_task(talk()), asyncio.create_task(client.over.wait())
    with contextlib.suppress(asyncio.CancelledError):  # By Control-C.
        await asyncio.wait((talking, over), return_when=asyncio.FIRST_COMPLETED)
    if not talking.cancel():
        talking.result()
    with contextlib.suppress(socketio.exceptions.SocketIOError):
        await client.request("leave")
    await client.socket.disconnect()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
