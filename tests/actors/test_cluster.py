"""What Ray says of its nodes, as machines."""

import os

from actors.cluster import here, machine_name, machines, resident_bytes, this_machine


def node(name: str, node_id: str, *, alive: bool = True, **resources: float) -> dict:
    return {
        "NodeID": node_id,
        "NodeManagerHostname": name,
        "NodeManagerAddress": f"10.0.0.{len(name)}",
        "Alive": alive,
        "Resources": resources,
    }


WORKER = node("worker-b", "beef01", CPU=4.0, GPU=2.0, memory=8e9)
SMALL = node("worker-a", "cafe02", CPU=2.0, memory=4e9)
HEAD = node("head", "abcd03", memory=1e9)
GONE = node("worker-c", "dead04", alive=False)


def test_machines_that_hold_runs_come_first_and_the_dead_last() -> None:
    names = [machine.name for machine in machines([GONE, HEAD, WORKER, SMALL], {})]
    assert names == ["worker-a (cafe)", "worker-b (beef)", "head (abcd)", "worker-c (dead)"]


def test_what_is_in_use_is_what_is_not_left() -> None:
    (machine,) = machines([WORKER], {"beef01": {"CPU": 1.5, "GPU": 1.75}})
    assert (machine.cpus, machine.cpus_used, machine.gpus, machine.gpus_used) == (4.0, 2.5, 2.0, 0.25)
    assert machine.memory == 8_000_000_000


def test_of_a_dead_machine_nothing_is_in_use() -> None:
    (machine,) = machines([node("worker", "ab12", alive=False, CPU=4.0)], {"ab12": {"CPU": 1.0}})
    assert (machine.alive, machine.cpus_used) == (False, 0.0)


def test_two_nodes_of_one_host_have_two_names() -> None:
    assert machine_name(node("same", "aaaa1")) != machine_name(node("same", "bbbb1"))


def test_this_process_is_placed_on_this_machine_with_what_it_holds() -> None:
    place, machine = here("mine"), this_machine(1000.0)
    assert (place.machine, place.pid) == ("mine", os.getpid())
    assert 0.5 * resident_bytes() < place.memory < machine.memory
    assert machine.cpus_used == machine.cpus == os.cpu_count()
