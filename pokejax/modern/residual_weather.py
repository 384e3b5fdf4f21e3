"""The weather's part of the end of a turn.

Source: the ``onFieldResidual`` and ``onWeather`` handlers of data/mods/gen4/conditions.js and of abilities.
"""

from __future__ import annotations

from jax import lax

from pokejax.common.arrays import quotient
from pokejax.modern.data import safe_from
from pokejax.modern.formes import formes_follow
from pokejax.modern.shown import show_weather
from pokejax.modern.state import CLEAR, HAIL, NOTHING, ONGOING, RAIN, SAND, SUN, has_any
from pokejax.modern.view import View, ability_is, types_of, weather_of
from pokejax.modern.vitals import cure, healed
from pokejax.modern.wounds import wounded


def weather_upkeep(view: View) -> View:
    """A turn of the weather is over: it ends, or does to both what it does, and so do the abilities that it feeds."""
    going = (view.field.result == ONGOING) & (view.field.weather != CLEAR)
    left = view.field.weather_duration - 1
    over = going & (left == 0)
    view = view.on_field(going & (left >= 0), weather_duration=left)
    view = view.on_field(over, weather=CLEAR, weather_duration=0)
    view = view.replace(shown=show_weather(view.shown, over, going))
    view = view.update_tie(over)  # 'WeatherChange'
    view = formes_follow(view, over)
    acts = going & ~over
    # Sandstorm and hail say nothing while they are suppressed.
    silent = (weather_of(view) == CLEAR) & ((view.field.weather == SAND) | (view.field.weather == HAIL))
    view = view.update_tie(acts & ~silent)

    def befall(view: View) -> View:
        user, weather = view.user, weather_of(view)
        when = acts & ~user.fainted & (user.hp > 0)
        hidden = has_any(user, "dig", "dive")
        sand = when & (weather == SAND) & ~safe_from("sandstorm", *types_of(user)) & ~ability_is(user, "sandveil")
        hail = when & (weather == HAIL) & ~safe_from("hail", *types_of(user))
        hail = hail & ~ability_is(user, "icebody", "snowcloak")
        view = wounded(view, quotient(user.max_hp, 16), (sand | hail) & ~hidden)
        mon = view.user
        ice = when & (weather == HAIL) & ability_is(user, "icebody")
        ice = ice | (when & (weather == RAIN) & ability_is(user, "raindish"))
        mon = healed(mon, quotient(user.max_hp, 16), ice & (mon.hp < mon.max_hp))
        dry = when & ability_is(user, "dryskin")
        told = (ice | (dry & (weather == RAIN))) & (user.hp < user.max_hp)
        mon = healed(mon, quotient(user.max_hp, 8), dry & (weather == RAIN) & (mon.hp < mon.max_hp))
        burns = when & (weather == SUN) & ability_is(user, "dryskin", "solarpower")
        view = wounded(view.replace(user=mon), quotient(user.max_hp, 8), burns)
        mon = view.user
        wet = when & (weather == RAIN) & ability_is(user, "hydration")
        view = view.show_ability(True, told | burns | (wet & (user.status != NOTHING)))
        mon = cure(mon, wet)
        return view.replace(user=mon)

    return lax.fori_loop(0, 2, lambda _, v: befall(v).swapped(), view)
