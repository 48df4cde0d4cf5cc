"""A station is asked to end a transaction, whichever version it speaks."""

from dataclasses import replace
from typing import Any

from ocpp_css.charging import commands as commanding
from ocpp_css.charging import stations
from ocpp_css.charging.transactions.errors import TransactionEnded
from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.charging.transactions.service import queries
from ocpp_css.edge.principal import Principal
from ocpp_css.kit.ids import public
from ocpp_css.people import audit
from ocpp_css.people.accounts import person_in
from ocpp_css.storage import Unit


async def ask(unit: Unit, commands: commanding.Commands, transaction_id: str, *, by: Principal) -> commanding.Command:
    """RemoteStopTransaction or RequestStopTransaction, and its end; TransactionUnknown or TransactionEnded before."""
    return await _ask(unit, commands, await queries.get(unit, transaction_id), by)


async def ask_own(
    unit: Unit, commands: commanding.Commands, transaction_id: str, *, by: Principal
) -> commanding.Command:
    """The same of who charges, whatever their role: what is theirs they may end. TransactionUnknown for others'."""
    transaction = await queries.own(unit, person_in(by), transaction_id)
    return await _ask(unit, commands, transaction, replace(by, permissions=by.permissions | {commanding.CHARGE}))


async def _ask(
    unit: Unit, commands: commanding.Commands, transaction: Transaction, by: Principal
) -> commanding.Command:
    if not transaction.is_open:
        raise TransactionEnded
    station = await stations.by_number(unit, transaction.station_id)
    assert station is not None
    if transaction.ocpp_version == "1.6":
        action, payload = "RemoteStopTransaction", dict[str, Any](transactionId=int(transaction.wire_id))
    else:
        action, payload = "RequestStopTransaction", dict[str, Any](transactionId=transaction.wire_id)
    audit.record(unit, by, "transaction.stop", "transaction", public(transaction.id))
    return await commands.send(unit, station, action, payload, by=by)
