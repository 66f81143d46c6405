"""Receives an answer of an API as it comes."""

from collections.abc import Iterator, Mapping

from services.scraper.web.answers import Head, too_many, unpacked
from services.scraper.web.interface import MOST_BYTES_OF_AN_ANSWER, Reply
from shared.contract.reasons import Drop


class ReplyReceiver:
    """Receives the answer of an API, whatever its status."""

    most_of_an_error = MOST_BYTES_OF_AN_ANSWER

    def headers(self) -> Mapping[str, str]:
        """Return what to say of the form of the answer."""
        return {"Accept-Encoding": "gzip"}

    def receive(self, head: Head, body: Iterator[bytes], address: str) -> Reply | Drop:
        """Take an answer with its whole body."""
        data = bytearray()
        for part in body:
            data += part
            if len(data) > MOST_BYTES_OF_AN_ANSWER:
                return too_many(MOST_BYTES_OF_AN_ANSWER)
        whole = unpacked(bytes(data), head.encoding, MOST_BYTES_OF_AN_ANSWER)
        return whole if isinstance(whole, Drop) else Reply(head.status, head.headers, whole, address)
