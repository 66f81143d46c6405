"""Answers of the loopback Pixiv, in the forms of its app's API and of its web pages' own."""

from typing import Any

from demo.board.messages import Answer, json_answer
from demo.board.pictures import FileFacts
from tests.servers.boards.works import Work

LIMITED = "/common/images/limit_sanity_level_360.png"


def error(status: int, message: str, **more: object) -> Answer:
    """An error of the app's API."""
    told = {"user_message": "", "message": message, "reason": "", "user_message_details": {}, **more}
    return json_answer({"error": told}, status)


def invalid_grant() -> Answer:
    """What an access token gets that is over."""
    advice = "Please check your Access Token to fix this."
    return error(400, f"Error occurred at the OAuth process. {advice} Error Message: invalid_grant")


def bad_sign_in(message: str = "Invalid refresh token") -> Answer:
    """What a refresh token or code gets that is not known."""
    system = {"message": message, "code": 1508}
    return json_answer({"has_error": True, "errors": {"system": system}, "error": "invalid_grant"}, 400)


def session(access_token: str, refresh_token: str, is_premium: bool) -> Answer:
    """The tokens after a sign-in."""
    user = {"id": "1", "name": "anya", "account": "anya", "mail_address": "", "is_premium": is_premium, "x_restrict": 1}
    tokens = {"access_token": access_token, "expires_in": 3600, "token_type": "bearer", "scope": "", "user": user}
    tokens["refresh_token"] = refresh_token
    return json_answer({**tokens, "response": tokens})


def user(number: int) -> dict[str, Any]:
    """An artist."""
    picture = {"medium": "https://s.pximg.net/common/images/no_profile.png"}
    return {"id": number, "name": f"artist {number}", "account": f"artist{number}", "profile_image_urls": picture}


def illust(work: Work, files: str, first: FileFacts) -> dict[str, Any]:
    """A work as the app sees it. `files` is the address of the picture host, `first` is about the first page."""
    if work.is_limited:
        return _limited(work, files)
    pages = [page_addresses(work, number, files) for number in range(len(work.pages))]
    several = len(pages) > 1
    return {
        **_illust_core(work, pages[0]),
        "title": work.title,
        "user": user(work.user_id) | {"is_followed": False},
        "tags": [{"name": name, "translated_name": None} for name in work.tags],
        "page_count": len(pages),
        "width": first.width,
        "height": first.height,
        "sanity_level": 6 if work.x_restrict else 2,
        "x_restrict": work.x_restrict,
        "meta_single_page": {} if several else {"original_image_url": pages[0]["original"]},
        "meta_pages": [{"image_urls": page} for page in pages] if several else [],
        "total_view": work.views,
        "total_bookmarks": work.bookmarks,
        "visible": True,
        "illust_ai_type": work.ai_type,
    }


def _limited(work: Work, files: str) -> dict[str, Any]:
    """A work that the app does not show: it says nothing about it but that it exists."""
    placeholder = f"{files}{LIMITED}"
    return {
        **_illust_core(work, dict.fromkeys(("square_medium", "medium", "large"), placeholder)),
        "type": "illust",
        "title": "",
        "user": {"id": 0, "name": "", "account": "", "profile_image_urls": {}, "is_followed": False},
        "tags": [],
        "page_count": 1,
        "width": 0,
        "height": 0,
        "sanity_level": 0,
        "x_restrict": 0,
        "meta_single_page": {"original_image_url": placeholder},
        "meta_pages": [],
        "total_view": 0,
        "total_bookmarks": 0,
        "visible": False,
        "illust_ai_type": 0,
    }


def _illust_core(work: Work, first: dict[str, str]) -> dict[str, Any]:
    return {
        "id": work.id,
        "type": work.kind,
        "image_urls": {name: address for name, address in first.items() if name != "original"},
        "caption": "",
        "restrict": 0,
        "tools": [],
        "create_date": work.created_at.isoformat(),
        "series": None,
        "is_bookmarked": False,
        "is_muted": False,
        "total_comments": 0,
    }


def page_addresses(work: Work, number: int, files: str) -> dict[str, str]:
    """The addresses of a page: the original, and the renditions."""
    name = f"img/{work.folder}/{work.file_name(number)}"
    return {
        "square_medium": f"{files}/c/360x360_70/img-master/{name}_square1200.jpg",
        "medium": f"{files}/c/540x540_70/img-master/{name}_master1200.jpg",
        "large": f"{files}/c/600x1200_90/img-master/{name}_master1200.jpg",
        "original": f"{files}/img-original/{name}.{work.pages[number].extension}",
    }


def web_work(work: Work, files: str, first: FileFacts, shows_files: bool) -> dict[str, Any]:
    """A work as the web pages see it."""
    return {
        "id": str(work.id),
        "title": work.title,
        "illustType": ["illust", "manga", "ugoira"].index(work.kind),
        "createDate": work.created_at.isoformat(),
        "xRestrict": work.x_restrict,
        "sl": 6 if work.x_restrict else 2,
        "urls": _web_addresses(work, 0, files, shows_files),
        "tags": {"tags": [{"tag": name} for name in work.tags]},
        "pageCount": len(work.pages),
        "width": first.width,
        "height": first.height,
        "bookmarkCount": work.bookmarks,
        "viewCount": work.views,
        "aiType": work.ai_type,
        "userId": str(work.user_id),
        "userName": f"artist {work.user_id}",
    }


def web_page(work: Work, number: int, files: str, facts: FileFacts) -> dict[str, Any]:
    """A page of a work as the web pages see it."""
    return {"urls": _web_addresses(work, number, files, True), "width": facts.width, "height": facts.height}


def _web_addresses(work: Work, number: int, files: str, shows_files: bool) -> dict[str, str | None]:
    page = page_addresses(work, number, files)
    names = {"thumb_mini": "square_medium", "small": "medium", "regular": "large", "original": "original"}
    return {name: page[other] if shows_files else None for name, other in names.items()}
