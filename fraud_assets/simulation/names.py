"""Names of local merchants and small online shops, made of words: Rosie's Diner, Harbor Coffee House, cedarandoak.com.

What lives here: the words and how they are put together. Brands come from the scenario's brands.csv.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.simulation.streams import I64, hashed_uniforms


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


_OWNERS = _list(
    """Rosie, Sam, Lucia, Marco, Hannah, Joe, Priya, Mei, Carlos, Nina, Walter, Dolores, Theo, Fatima, Gus, Ruby,
    Omar, Ingrid, Tony, Yuki, Mabel, Frank, Leila, Dmitri, Pearl, Ray, Anh, Bea, Hector, Olive, Sal, Kofi, June,
    Mateo, Edith, Vince, Noor, Clara, Abe, Rafael, Ivy, Moses, Greta, Luis, Opal, Hank, Sofia, Earl, Mina, Otto,
    Delia, Jamal, Flora, Nick, Esther, Pablo, Wanda, Kenji, Stella, Amos, Zara, Bruno, Lena, Cyrus, Maggie,
    Ezra, Thuy, Roy, Paloma, Ned, Tess, Arturo, Vera, Milo, Inez, Silas, Hattie, Raj"""
)
_PLACES = _list(
    """Harbor, Main Street, Oak Hill, Riverside, Lakeview, Maple, Union Square, Old Town, Sunset, Cedar, Highland,
    Park Avenue, Canal, Mill Creek, Elm Street, Fairview, Hillcrest, Liberty, Madison, Prospect, Garden, North
    End, South Side, West End, Bayside, Valley, Summit, Station, Market Street, Willow, Jefferson, Lincoln,
    Walnut, Parkside, Brookside, Grand, Pioneer, Orchard, Greenfield, Bluebird, Golden, Silver, Red Barn, Blue
    Door, Green Leaf, Lucky, Corner, Family, Royal, Heritage, Uptown, Crossroads, Copper, Ironwood, Magnolia,
    Juniper, Cypress, Redwood, Cottonwood, Sycamore, Lighthouse, Anchor, Compass, Morning Star, Twin Pines,
    Stone Bridge, White Oak, Clover, Falcon, Eagle, Sparrow, Fox, Bear Creek, Cactus, Prairie, Mesa, Delta,
    Coral, Pelican, Seaside, Foothill"""
)
_FAMILIES = _list(
    """Nguyen, Garcia, Kowalski, Patel, Johnson, Rossi, Kim, O'Brien, Hernandez, Schmidt, Washington, Cohen,
    Larsen, Silva, Murphy, Ahmed, Baker, Chen, Dubois, Fischer, Okafor, Reyes, Turner, Walsh, Young, Lopez,
    Meyer, Novak, Park, Quinn, Ramirez, Shah, Torres, Vasquez, Weber, Adams, Bennett, Castillo, Diaz, Ellis"""
)
_WORDS = _list(
    """cedar, oak, bright, nest, swift, lark, urban, field, blue, fern, copper, pine, north, star, little, wren,
    velvet, moss, honey, bay, ember, salt, stone, river, kite, luna, maple, paper, crane, drift, sage, timber,
    fox, opal, reed, coral, wild, juniper, clear, haven"""
)
#: Ways to make a name; later ones are longer and seldom clash.
_PATTERNS = 5


def local_names(seed: int, kind: pl.Series, cell: I64, online: npt.NDArray[np.bool_]) -> pl.Series:
    """Names for local merchants of the given kinds.

    Parameters
    ----------
    kind
        Sub-category of each merchant, for example ``diner``; shape (n,).
    cell
        Number of the category and city: no two merchants of one cell share a name.
    online
        Whether the name is a web address.

    Returns
    -------
    Names of shape (n,).
    """
    number = np.arange(len(cell))
    rank = number - np.searchsorted(cell, cell)  # ``cell`` is ascending

    def word(words: list[str], salt: str, *more: I64) -> pl.Series:
        u = hashed_uniforms(seed, f"names.{salt}", cell, rank, *more)
        return pl.Series(words, dtype=pl.String).gather(np.floor(u * len(words)).astype(np.int64))

    pattern = np.floor(hashed_uniforms(seed, "names.pattern", cell, rank) * _PATTERNS).astype(np.int64)
    frame = pl.DataFrame(
        {
            "kind": kind,
            "pattern": pattern,
            "online": online,
            "cell": cell,
            "owner": word(_OWNERS, "owner"),
            "place": word(_PLACES, "place"),
            "family": word(_FAMILIES, "family"),
            "word": word(_WORDS, "word"),
            "other": word(_WORDS, "other"),
        }
    ).with_columns(kind=_title(pl.col("kind")))
    shop = (
        pl.when(pl.col("pattern") == 0)
        .then(pl.format("{}'s {}", "owner", "kind"))
        .when(pl.col("pattern") == 1)
        .then(pl.format("{} {}", "place", "kind"))
        .when(pl.col("pattern") == 2)
        .then(pl.format("{} {}", "family", "kind"))
        .when(pl.col("pattern") == 3)
        .then(pl.format("{} {} {}", "place", "family", "kind"))
        .otherwise(pl.format("{} & {} {}", "owner", "family", "kind"))
    )
    site = (
        pl.when(pl.col("pattern") < 3)
        .then(pl.format("{}{}.com", "word", "other"))
        .otherwise(pl.format("{} {}", "place", "kind"))
    )
    named = frame.with_columns(name=pl.when("online").then(site).otherwise(shop))
    # The second of the same name in a street says which one it is.
    twin = pl.int_range(pl.len()).over("cell", "name")
    return named.select(
        name=pl.when(twin > 0).then(pl.format("{} No. {}", "name", twin + 1)).otherwise("name")
    ).to_series()


def _title(text: pl.Expr) -> pl.Expr:
    """Capitals at the start of each word."""
    return text.str.to_titlecase()
