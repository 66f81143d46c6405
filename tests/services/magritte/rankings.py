"""Tables of rankings, as the ranker writes them."""

HEAD = "rank,quality,spread,name,picture,image,entry,face,decision"


def row(rank: int, quality: str = "1.5", decision: str = "") -> str:
    return f"{rank},{quality},0.1,n,{rank:064x},{rank:064x},{rank:020x},0,{decision}"


def table(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *rows, "")).encode()
