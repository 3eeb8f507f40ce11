"""Stand-in for a contender of benchmarks/peers.py, whose arguments are its factor, its parameters and the case."""

import json
import sys


def main() -> None:
    """Answer as `benchmarks.peers_worker.serve` does; the time of a turn is the factor times the number of turns."""
    factor, parameters = float(sys.argv[1]), int(sys.argv[2])
    print(json.dumps({"parameters": parameters, "trained": parameters}), flush=True)
    for number, line in enumerate(sys.stdin):
        task, images = json.loads(line)
        assert (task, images) in {("training", 32), ("inference", 64)}
        print(json.dumps(factor * (1 + number)), flush=True)


if __name__ == "__main__":
    main()
