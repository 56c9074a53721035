"""What a group is called and said to be, as request bodies say it: as long as WhatsApp takes it."""

from typing import Annotated

from pydantic import Field

Subject = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
        examples=["Pedidos da Páscoa"],
    ),
]
Description = Annotated[str, Field(max_length=512, examples=["Encomendas até sexta-feira"])]
