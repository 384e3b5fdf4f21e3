"""Options of all commands: numbers out of their bounds, words that are none of the choices, contradictions."""

from __future__ import annotations

from typing import Any

from bad_input.case import Case, command

PONG, CHAIN = "pongjax/puffer_pong", "small/chain"


def run(*words: Any) -> Any:
    return command("verification", "run", "toy_pair:good", *words)


def bench(*words: Any) -> Any:
    return command("leaderboard", "bench", PONG, "--no-peers", *words)


def train(*words: Any) -> Any:
    return command("baselines", "train", CHAIN, *words)


def ray(address: str, *words: Any) -> Any:
    return run("--ray", address, "--json", "{folder}/r.json", *words)


CASES = [
    # verification
    Case("a level", run("--levels", "1,9"), "L9", "--levels", "levels are L0"),
    Case("no level", run("--levels", ","), "','", "--levels", "levels are L0"),
    Case("no episodes", run("--episodes", "0"), "'0'", "--episodes", "at least 1"),
    Case("half a step", run("--injected", "1.5"), "'1.5'", "--injected", "an integer of at least 1"),
    Case("a seed in words", run("--seed", "lucky"), "'lucky'", "--seed", "from 0 to"),
    Case("a seed that is too large", run("--seed", 2**63), str(2**63), "--seed", "from 0 to"),
    Case("a backend", run("--backend", "cuda"), "'cuda'", "--backend", "choose from"),
    Case("a shard beyond the last", run("--shard", "4/3"), "4/3", "--shard", "write I/N with I from 1 to N"),
    Case("shard none", run("--shard", "0/2"), "0/2", "--shard", "write I/N"),
    Case("a shard in words", run("--shard", "x"), "'x'", "--shard", "as 1/4"),
    Case("no shards", run("--ray", "local", "--shards", "0"), "'0'", "--shards", "at least 1"),
    Case("a cluster of no address", ray("somewhere"), "'somewhere'", "--ray", "HOST:PORT"),
    Case("a cluster without a file", run("--ray", "local"), "--ray local", "could not run", "--json FILE"),
    Case("a cluster and a shard", ray("local", "--shard", "1/2"), "--shard", "--ray local", "leave one of the two out"),
    Case("a setting without a value", run("--set", "mood"), "'mood'", "--set", "NAME=VALUE"),
    Case("a setting that there is not", run("--set", "mood=wild"), "'mood'", "toy_pair:good", "it has: none"),
    Case(
        "a value that there is not",
        command("verification", "run", "toy_pair:choosy", "--mood", "sad"),
        "'sad'",
        "mood",
        "known: calm, wild",
    ),
    Case("resume without a file", run("--resume"), "--resume", "could not run", "--json FILE"),
    Case("a report named as a page", run("--json", "{folder}/r.html"), "r.html", "{folder}", "ends in .json"),
    Case(
        "untrusted with a backend",
        run("--untrusted", "x.py:f", "--backend", "simd"),
        "--backend",
        "could not",
        "leave it out",
    ),
    Case("untrusted of nothing", run("--untrusted", "{folder}/x.py:f"), "{folder}/x.py", "x.py", "no such file"),
    Case(
        "a duration",
        command("verification", "fuzz", "toy_pair:good", "--duration", "soon"),
        "'soon'",
        "--duration",
        "15m",
    ),
    Case(
        "no duration", command("verification", "fuzz", "toy_pair:good", "--duration", "0s"), "'0s'", "--duration", "15m"
    ),
    Case(
        "no mutant",
        command("verification", "mutants", "toy_pair:good", "--only", "x9"),
        "no mutants",
        "toy_pair:good",
        "give the plugin `Mutants(",
    ),
    Case(
        "power without episodes",
        command("verification", "power", "--margin", 1, "--sd", 1, "--policies", 9),
        "--policies",
        "could not compute",
        "needs --episodes",
    ),
    Case(
        "power of few policies",
        command("verification", "power", "--margin", 1, "--sd", 1, "--policies", 1, "--episodes", 9),
        "--policies 1",
        "could not compute",
        "fewer than",
    ),
    Case("a margin of 0", command("verification", "power", "--margin", 0, "--sd", 1), "0", "margin", "positive"),
    Case(
        "a win rate", command("verification", "power", "--margin", 1, "--win-rate", 2), "2", "rate", "between 0 and 1"
    ),
    # the bench
    Case("bench in no batch", bench("--batch", "0"), "'0'", "--batch", "at least 1"),
    Case("bench in words", bench("--batch", "many"), "'many'", "--batch", "an integer of at least 1"),
    Case("bench of no samples", bench("--samples", "0"), "'0'", "--samples", "at least 1"),
    Case("bench of no time", bench("--seconds", "-1"), "'-1'", "--seconds", "a positive number"),
    Case("bench of a shard", bench("--shard", "3/2"), "3/2", "--shard", "write I/N"),
    Case(
        "bench of a search", bench("--shard", "1/2", "--sweep"), "--shard 1/2", "cannot bench", "give them by --batch"
    ),
    Case("bench of no rows", bench("--shard", "9/9", "--batch", "2"), "--shard 9/9", "no row", "use fewer shards"),
    Case("bench of a mode", bench("--mode", "greedy"), "'greedy'", "--mode", "choose from"),
    Case("bench of no cores", bench("--cores", "0"), "'0'", "--cores", "at least 1"),
    Case("bench of too many cores", bench("--cores", "4096"), "4096", "--cores", "cores"),
    Case("bench of a chunk", bench("--batch", 12, "--chunk", 8), "8", "chunk", "divide"),
    Case("bench of a setting", bench("--set", "frame_skip"), "'frame_skip'", "--set", "write it as field=value"),
    Case("bench of a setting's name", bench("--set", "framskip=1"), "'framskip'", PONG, "did you mean frame_skip"),
    Case("bench of a value", bench("--set", "frame_skip=0"), "0", "frame_skip", "positive"),
    Case(
        "bench of an option of XLA", bench("--xla-option", "fast"), "'fast'", "--xla-option", "write it as option=value"
    ),
    Case("bench of no devices", bench("--devices", "0"), "'0'", "--devices", "at least 1"),
    Case("bench of peers in no batch", bench("--peer-batch", "0"), "'0'", "--peer-batch", "at least 1"),
    # training
    Case("train on negative steps", train("--steps", "-5"), "--steps -5", "train", "at least 1"),
    Case("train for no time", train("--minutes", "0"), "--minutes 0", "train", "a positive number"),
    Case("train with a seed", train("--seed", 2**31), str(2**31), "--seed", "from 0 to"),
    Case("train no seeds", train("--seeds", 0), "0", "--seeds", "at least 1"),
    Case("train a shard", train("--shard", "0/2"), "0/2", "--shard", "write I/N"),
    Case("train no member", train("--shard", "2/3"), "--shard 2/3", "there are 1", "give more --seeds"),
    Case("train by nothing", train("--backend", "tpu"), "tpu", "--backend", "simd"),
    Case("an odd number of games", train("--rating-games", 7), "7", "--rating-games", "an even number"),
    Case("no environments", train("--ppo.environments", 0), "0", "environments", "at least 1"),
    Case("a discount", train("--ppo.discount", "1.5"), "1.5", "discount", "between 0 and 1"),
    Case("a learning rate", train("--ppo.learning-rate", "-1"), "-1", "learning_rate", "positive"),
    Case(
        "minibatches",
        train("--ppo.environments", 3, "--ppo.horizon", 3, "--ppo.minibatches", 2),
        "9",
        "minibatches",
        "divide",
    ),
    Case("a network", train("--network.kind", "cnn"), '"cnn"', CHAIN, "use --network.kind"),
    Case("an option that there is not", train("--epocs", 3), "--epocs", "train", "--help"),
    Case("opponents of one", train("--opponents.pool-share", "0.5"), CHAIN, "opponents", "leave out"),
    Case(
        "train and go on elsewhere", train("--resume", "{folder}/no"), "{folder}/no", "no checkpoint", "folder of a run"
    ),
    Case("speed of no widths", command("baselines", "speed", CHAIN, "--hidden", "a,b"), "'a,b'", "--hidden", "256,256"),
    Case("speed of no time", command("baselines", "speed", CHAIN, "--seconds", "0"), "'0'", "--seconds", "positive"),
    Case(
        "eval of no episodes",
        command("baselines", "eval", "{folder}", "--episodes", "0"),
        "'0'",
        "--episodes",
        "at least 1",
    ),
    Case(
        "transfer of one episode",
        command("baselines", "transfer", PONG, "--policies", "uniform", "--episodes", 1),
        "1",
        "--episodes",
        "at least 2",
    ),
    Case(
        "an opponent of one",
        command("baselines", "transfer", PONG, "--policies", "uniform", "--opponent", "x", "--episodes", 2),
        "--opponent x",
        PONG,
        "leave",
    ),
    Case(
        "rate one",
        command("baselines", "rate", "pokejax/gen1randombattle", "uniform_legal"),
        "1 policy",
        "rate",
        "at least 2",
    ),
    Case(
        "rate by an anchor",
        command("baselines", "rate", "pokejax/gen1randombattle", "uniform_legal", "max_base_power", "--anchor", "x"),
        "--anchor x",
        "none of the policies",
        "uniform_legal",
    ),
    # the rest
    Case(
        "quickstart of no battles", command("pokejax", "quickstart", "--episodes", 0), "'0'", "--episodes", "at least 1"
    ),
    Case("quickstart for ever", command("pokejax", "quickstart", "--seconds", "inf"), "'inf'", "--seconds", "positive"),
    Case("quickstart backwards", command("pokejax", "quickstart", "--train", -1), "'-1'", "--train", "at least 0"),
    Case("replay nowhere", command("pokejax", "replay"), "--out", "replay", "required"),
    Case(
        "replay a policy",
        command("pokejax", "replay", "--out", "{folder}/x", "--policy", "max-damge"),
        "max-damge",
        "--policy",
        "did you mean max-damage",
    ),
    Case(
        "replay teams",
        command("pokejax", "replay", "--out", "x", "--teams", "best"),
        "'best'",
        "--teams",
        "choose from",
    ),
    Case("draw no steps", command("cheetahjax.render", "--steps", 0, "--out", "x.html"), "0", "--steps", "at least 1"),
    Case("draw a photograph", command("cheetahjax.render", "--out", "x.jpg"), "x.jpg", "--out", ".html, .svg, .gif"),
    Case("draw a seed", command("pongjax.render", "--seed", -1, "--out", "x.html"), "'-1'", "--seed", "from 0 to"),
    Case("play to nothing", command("pongjax.render", "--points", 0, "--out", "x.html"), "0", "--points", "at least 1"),
    Case("pool of no format", command("built-in pools", "--format", "gen9"), "'gen9'", "--format", "choose from"),
    Case("sweep without a file", command("sweep", "--resume"), "--resume", "could not run", "--json FILE"),
    Case("sweep in no lanes", command("sweep", "--lanes", 0), "'0'", "--lanes", "at least 1"),
]
