"""Two accounts of Delta Chat, set up by nothing but the addresses of their QR codes, talk to each other.

    deltachat.py FOLDER QR QR

Prints one JSON object of what came.
"""
import json, os, signal, sys
from deltachat_rpc_client import DeltaChat, Rpc

PATIENCE_S = 240

def main(folder, first, second):
    out = {}
    os.makedirs(folder, exist_ok=True)
    with Rpc(accounts_dir=os.path.join(folder, "accounts")) as rpc:
        chat = DeltaChat(rpc)
        accounts = []
        for qr in (first, second):
            account = chat.add_account()
            out.setdefault("kinds", []).append(account.check_qr(qr).kind)
            account.add_transport_from_qr(qr)
            account.bring_online()
            accounts.append(account)
        mira, tomas = accounts
        out["configured"] = [account.is_configured() for account in accounts]
        out["addresses"] = [account.get_config("configured_addr") for account in accounts]
        # A message, and its answer.
        talk = mira.create_chat(tomas)
        talk.send_text("Is the lantern lit?")
        came = tomas.wait_for_incoming_msg()
        out["message"] = came.get_snapshot().text
        came.get_snapshot().chat.accept()
        came.get_snapshot().chat.send_text("It is.")
        answer = mira.wait_for_incoming_msg().get_snapshot()
        out["answer"], out["encrypted"] = answer.text, bool(answer.show_padlock)
        # A file.
        path = os.path.join(folder, "plan.bin")
        content = bytes(range(256)) * 2000
        open(path, "wb").write(content)
        talk.send_file(path)
        file = tomas.wait_for_incoming_msg().get_snapshot()
        out["file"] = [os.path.basename(file.file_name or ""), open(file.file, "rb").read() == content]
        # A group.
        group = mira.create_group("Keepers")
        group.add_contact(mira.create_contact(tomas))
        group.send_text("Welcome")
        welcome = tomas.wait_for_incoming_msg().get_snapshot()
        out["group"] = [welcome.chat.get_basic_snapshot().name, welcome.text]
        welcome.chat.accept()
        welcome.chat.send_text("Thank you")
        out["group_answer"] = mira.wait_for_incoming_msg().get_snapshot().text
    print(json.dumps(out))

signal.alarm(PATIENCE_S)
main(*sys.argv[1:4])
