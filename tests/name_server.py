"""A name server of a few lines on 127.0.0.1, which says of the names it is given what a test wants it to."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import AF_INET, SHUT_RDWR, SOCK_DGRAM, SOCK_STREAM, socket
from threading import Thread

from dns import flags, rcode, rrset
from dns.exception import DNSException
from dns.message import Message, from_wire, make_response
from dns.nameserver import Do53Nameserver
from dns.rdatatype import CNAME, TXT
from dns.resolver import Resolver


@dataclass
class NameServer:
    """`texts` is what the TXT records of a name say, `aliases` the name that another one is an alias of. Of the names
    in `broken` it says that it cannot say, of those in `silent` nothing, and of those in `long` what it says is too
    much for UDP.
    """

    port: int
    texts: dict[str, list[str]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    long: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def resolver(self, patience: float = 30) -> Resolver:
        resolver = Resolver(configure=False)
        resolver.nameservers = [Do53Nameserver("127.0.0.1", self.port)]
        resolver.lifetime = patience
        return resolver

    def says(self, query: Message) -> Message | None:
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if name in self.silent:
            return None
        answer = make_response(query)
        answer.flags |= flags.RA
        if name in self.broken:
            answer.set_rcode(rcode.SERVFAIL)
            return answer
        if name in self.aliases:
            target = self.aliases[name]
            answer.answer.append(rrset.from_text(f"{name}.", 60, "IN", CNAME, f"{target}."))
            name = target
        if texts := self.texts.get(name):
            answer.answer.append(rrset.from_text_list(f"{name}.", 60, "IN", TXT, [_quoted(text) for text in texts]))
        elif not any(known.endswith(f".{name}") or known == name for known in self.texts):
            answer.set_rcode(rcode.NXDOMAIN)
        return answer

    def says_by_udp(self, query: Message) -> Message | None:
        answer = self.says(query)
        if answer is not None and self.asked[-1] in self.long:
            answer.answer.clear()
            answer.flags |= flags.TC
        return answer


@contextmanager
def name_server() -> Iterator[NameServer]:
    with socket(AF_INET, SOCK_DGRAM) as door, socket(AF_INET, SOCK_STREAM) as gate:
        gate.bind(("127.0.0.1", 0))
        gate.listen()
        server = NameServer(gate.getsockname()[1])
        door.bind(("127.0.0.1", server.port))

        def serve_by_tcp() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = gate.accept()
                    with connection, connection.makefile("rwb") as stream, suppress(DNSException):
                        asked = from_wire(stream.read(int.from_bytes(stream.read(2))))
                        if answer := server.says(asked):
                            said = answer.to_wire()
                            stream.write(len(said).to_bytes(2) + said)

        def serve() -> None:
            while True:
                wire, client = door.recvfrom(4096)
                if not wire:
                    return
                with suppress(DNSException):
                    if answer := server.says_by_udp(from_wire(wire)):
                        door.sendto(answer.to_wire(), client)

        threads = Thread(target=serve), Thread(target=serve_by_tcp)
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            gate.shutdown(SHUT_RDWR)
            with socket(AF_INET, SOCK_DGRAM) as bell:
                bell.sendto(b"", ("127.0.0.1", server.port))
            for thread in threads:
                thread.join()


def _quoted(text: str) -> str:
    """A text as a zone file has it; one that is longer than a string may be is several, which read as one."""
    pieces = [text[start : start + 255] for start in range(0, max(len(text), 1), 255)]
    return " ".join('"{}"'.format(piece.replace("\\", "\\\\").replace('"', '\\"')) for piece in pieces)
