"""A copy of a ledger, used where no report tells of the ledger itself, sends nothing again."""

import os
import shutil
import unittest

from harness import NEW_LEDGER, TestCase, claim_rows


class CopyTest(TestCase):
    def setUp(self):
        super().setUp()
        self.web = self.gateway()
        self.upload("first", 10, first=1)
        self.copy("ledger.db", "copy.db")

    def copy(self, ledger, to):
        shutil.copy(self.ws.file(ledger), self.ws.file(to))

    def upload(self, name, count, *options, first, ledger="ledger.db", code=0):
        """An export in a folder of its own."""
        os.makedirs(self.ws.file(name), exist_ok=True)
        self.ws.export(claim_rows(count, first=first), name=f"{name}/claims.csv")
        result = self.ws.upload(self.web, *options, claims=f"{name}/claims.csv", ledger=ledger)
        self.assertExit(result, code)
        return result

    def sent(self):
        return len(self.web.requests)

    def test_one_that_is_older_than_the_ledger_is_refused(self):
        self.upload("second", 5, first=50)
        sent = self.sent()
        result = self.upload("elsewhere", 5, first=50, ledger="copy.db", code=78)
        self.assertSays(result, "copy.db' (", "is a copy of", "ledger.db', which has recorded more")
        self.assertEqual(self.sent(), sent)
        self.upload("elsewhere", 5, first=50)  # by the ledger that it names
        self.assertEqual(self.sent(), sent)

    def test_who_says_so_goes_on_with_it_and_says_it_once(self):
        self.upload("second", 5, first=50)
        result = self.upload("third", 5, *NEW_LEDGER, first=60, ledger="copy.db")
        self.assertSays(result, "is a copy of")
        self.assertNotIn("copy of", self.upload("fourth", 5, first=70, ledger="copy.db").err)

    def test_one_that_knows_all_is_warned_of(self):
        result = self.upload("second", 5, first=50, ledger="copy.db")
        self.assertSays(result, "is a copy of", "use only one of them")

    def test_a_ledger_that_was_moved_is_itself(self):
        os.makedirs(self.ws.file("new"), mode=0o700)
        for name in ("ledger.db", "ledger.db.lock"):
            os.rename(self.ws.file(name), self.ws.file(f"new/{name}"))
        result = self.upload("second", 5, first=50, ledger="new/ledger.db")
        self.assertNotIn("copy of", result.err)
        os.symlink("new/ledger.db", self.ws.file("link.db"))
        self.assertNotIn("copy of", self.upload("third", 5, first=60, ledger="link.db").err)

    def test_a_backup_that_was_put_back_is_the_ledger(self):
        self.copy("copy.db", "ledger.db")
        self.assertNotIn("copy of", self.upload("second", 5, first=50).err)


if __name__ == "__main__":
    unittest.main()
