"""Who writes exports, and how: a model of the habits of databases, spreadsheets, data frames, shops and
banks, made after their manuals and samples. A file that one of them wrote holds claims that are known;
what a spreadsheet, a converter or a slip does to it afterwards is a damage, which is to be seen.

Nothing here knows the program's code.
"""

import datetime
import random

FAR = datetime.timedelta(days=300)
FIRST_DAY = datetime.datetime(2025, 1, 1)

ENGLISH = ("workcard_id", "claim_order_no", "claim_status", "claim_time", "claim_fee", "claim_desc", "claim_count")
CHINESE = ("工单ID", "理赔单号", "理赔状态", "理赔时间", "理赔金额(元)", "拒赔原因", "理赔单数量")
CAPITALS = tuple(name.upper() for name in ENGLISH)
FORMAL = ("工单编号", "理赔单号", "理赔状态", "理赔时间", "理赔金额（元）", "拒绝理赔原因", "理赔数量")
STARRED = ("*工单号", "*理赔单号(必填)", "*理赔状态", "*理赔时间", "*理赔金额：元", "拒赔原因", "理赔单数量")
IN_FEN = ("工单ID", "理赔单号", "理赔状态", "理赔时间", "理赔金额(分)", "拒赔原因", "理赔单数量")

REASONS = (
    "不在保障范围", "超过保修期", "资料不全：缺少购机发票", "人为损坏", "序列号与“IMEI”不一致", "漏水", "预约", "摔",
    "保外", "屏幕有外力撞击痕迹, 退回", "用户取消；改约", "检测正常", "他说\"不修\"", "D:\\照片", "㐂号机 𠮷", "é 型号不符",
    "等待 3 天", "过保", "-", "2026年购买", "1/2 损坏", "100% 人为", "=无",
)  # fmt: skip

# Claim numbers as insurers make them; each gives one for a number that grows.
ORDER_NUMBERS = (
    lambda n: f"LP{202611000000 + n}",
    lambda n: f"{202611000000 + n * 7}",
    lambda n: f"（2026）浙赔字第{n}号",
    lambda n: f"(2026)沪赔第{n:05d}号",
    lambda n: f"P2026/{n}",
    lambda n: f"2026E{n:04d}",
    lambda n: f"{46330 + n}",
    lambda n: f"CL 2026 {n:06d}",
    lambda n: f"A-2026-{n:05d}",
    lambda n: f"PDAA2026{n:010d}",
    lambda n: f"{2026072512345000000 + n * 10007 + 3}",
    lambda n: f"{n:08d}",
    lambda n: f"RBJ.{n:06d}",
    lambda n: f"{n % 97:02d}:{n:06d}",
    lambda n: f"赔2026第{n}号",
    lambda n: f"ZA#{n:07d}",
    lambda n: f"X{n:x}Z",
    lambda n: f"{n:032x}",
    lambda n: f"Case_{n}",
    lambda n: f"P-{n:04d}/26-{n % 10}",
    lambda n: f"{7000 + n}.{n % 89 + 11}",
    lambda n: f"平安财险{n:06d}",
    lambda n: f"2026{n:07d}A",
    lambda n: f"{n:06d}-1",
    lambda n: f"B{n:05d}+",
    lambda n: f"T{n:06d}@shop",
    lambda n: f"No.{n}",
    lambda n: f"【{n:05d}】",
    lambda n: f"{n:05d}号",
    lambda n: f"CN/SH/{n:06d}",
    lambda n: f"h{n:03d}_{n * 31 % 1000:03d}",
    lambda n: f"0{n:012d}",
)  # fmt: skip


class Claim:
    """What the office knows."""

    def __init__(self, source, number, order_no, small):
        self.workcard_id = 8815301637 + number * 1017 if small else 7495396815497821 + number * 1013
        self.order_no = order_no(number + 1)
        self.status = source.choices((0, 1, 2), (1, 5, 3))[0]
        self.time = FIRST_DAY + source.random() * FAR
        self.time = self.time.replace(microsecond=0)
        self.fee = source.randrange(100, 2000000) if self.status == 1 else 0
        self.desc = source.choice(REASONS[:-1] if self.status == 2 else ("",))
        if self.desc == "-":
            self.desc = "保外"

    def values(self, desc=None):
        text = self.time.strftime("%Y-%m-%d %H:%M:%S")
        return (
            str(self.workcard_id), self.desc if desc is None else desc, "1", self.order_no, str(self.status),
            text, str(self.fee),
        )  # fmt: skip


# ---- cells ----


def yuan(fen, decimals=2):
    return f"{fen // 100}.{fen % 100:02d}" + "0" * (decimals - 2)


def trimmed(fen):
    return yuan(fen).rstrip("0").rstrip(".")


def grouped(fen):
    return f"{fen // 100:,}.{fen % 100:02d}"


MONEY = {
    "fen": str,
    "fen.00": lambda fen: f"{fen}.00",
    "yuan": yuan,
    "yuan4": lambda fen: yuan(fen, 4),
    "trimmed": trimmed,
    "grouped": grouped,
    "plus": lambda fen: "+" + yuan(fen),
    "db2": lambda fen: f"+{fen // 100:08d}.{fen % 100:02d}",
    "db2 fen": lambda fen: f"+{fen:014d}.",
    "point": lambda fen: trimmed(fen).removeprefix("0") if 0 < fen < 100 else trimmed(fen),
    "mark": lambda fen: "¥" + yuan(fen),
    "word": lambda fen: yuan(fen) + "元",
    "capital": lambda fen: "".join("零壹贰叁肆伍陆柒捌玖"[int(d)] for d in str(fen // 100)) + "元整",
    "bracket": lambda fen: f"({yuan(fen)})",
    "minus behind": lambda fen: yuan(fen) + "-",
    "apostrophes": lambda fen: grouped(fen).replace(",", "'"),
    "credit": lambda fen: yuan(fen) + " CR",
}


def twelve(time):
    return f"{'上午' if time.hour < 12 else '下午'} {time.hour % 12 or 12}:{time:%M:%S}"


TIMES = {
    "iso": "%Y-%m-%d %H:%M:%S",
    "slash": "%Y/%m/%d %H:%M:%S",
    "T": "%Y-%m-%dT%H:%M:%S",
    ".0": "%Y-%m-%d %H:%M:%S.0",
    ".000": "%Y-%m-%d %H:%M:%S.000",
    ".0000000": "%Y-%m-%d %H:%M:%S.0000000",
    "+08": "%Y-%m-%d %H:%M:%S+08",
    "+0800": "%Y-%m-%dT%H:%M:%S.000+0800",
    "+08:00": "%Y-%m-%dT%H:%M:%S+08:00",
    "Z": lambda time: (time - datetime.timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "db2": "%Y-%m-%d-%H.%M.%S.000000",
    "compact": "%Y%m%d%H%M%S",
    "spaced": "%Y%m%d %H:%M:%S",
    "年": lambda time: f"{time.year}年{time.month}月{time.day}日 {time:%H:%M:%S}",
    "年时": lambda time: f"{time.year}年{time.month}月{time.day}日 {time.hour}时{time.minute}分{time.second}秒",
    "上午": lambda time: f"{time.year}/{time.month}/{time.day} {twelve(time)}",
    "short": lambda time: f"{time.year}/{time.month}/{time.day} {time.hour}:{time:%M:%S}",
    "excel": lambda time: f"{time.year}/{time.month}/{time.day} {time.hour}:{time:%M}",  # no seconds
    "AM": "%Y-%m-%d %I:%M:%S %p",
    "oracle": "%d-%b-%y %I.%M.%S.000000 %p",
    "us": "%m/%d/%Y %H:%M:%S",
    "epoch": lambda time: str(int((time - datetime.datetime(1970, 1, 1, 8)).total_seconds())),
    "ticks": lambda time: str(int((time - datetime.datetime(1, 1, 1)).total_seconds()) * 10**7),
    "/Date/": lambda time: f"/Date({int((time - datetime.datetime(1970, 1, 1, 8)).total_seconds())}000)/",
    "CST": "%Y-%m-%d %H:%M:%S CST",
    "GMT+8": "%Y-%m-%d %H:%M:%S GMT+8",
    "Shanghai": "%Y-%m-%dT%H:%M:%S+08:00[Asia/Shanghai]",
    "上午 only": lambda time: f"{time:%Y-%m-%d} {'上午' if time.hour < 12 else '下午'}",
    "凌晨": lambda time: f"{time.year}/{time.month}/{time.day} {'凌晨' if time.hour < 6 else '晚上'} {time.hour % 12}:{time:%M}",
    "serial": lambda time: f"{(time - datetime.datetime(1899, 12, 30)).total_seconds() / 86400:.8f}",
}

STATUSES = {
    "digit": str,
    "word": lambda status: ("未理赔", "理赔成功", "理赔失败")[status],
    "1.0": lambda status: f"{status}.0",
    "01": lambda status: f"0{status}",
    "office": lambda status: ("处理中", "已赔付", "拒赔")[status],
    "code": lambda status: ("A", "B", "C")[status],
}
STATUS_OPTIONS = {
    "office": ("--status", "处理中=0", "--status", "已赔付=1", "--status", "拒赔=2"),
    "code": ("--status", "A=0", "--status", "B=1", "--status", "C=2"),
}

# ---- writers ----

USUAL = dict(
    header=CHINESE, fee="yuan", time="iso", status="word", null="", quote="minimal", escape="double",
    delimiter=",", end="\n", encoding="utf-8", before="", after="", options=(), count=True, pad="",
    wrap="", trail="", numbers=True, last=True, page=0, index=None, mark="",
)  # fmt: skip

# What each of them does otherwise; a tuple is what it may do, one for a file.
WRITERS = {
    "Excel": dict(encoding=("gb18030", "utf-8-sig"), end="\r\n", time="excel", fee="trimmed"),
    "Excel, Unicode text": dict(encoding="utf-16", delimiter="\t", end="\r\n", time="excel"),
    "Excel, two marks": dict(encoding="utf-8-sig", before="\ufeff", end="\r\n"),
    "WPS": dict(encoding="gb18030", end="\r\n", time=("excel", "short"), fee=("yuan", "trimmed")),
    "LibreOffice": dict(encoding=("utf-8", "gb18030"), quote=("minimal", "text"), fee="trimmed"),
    "Numbers": dict(encoding="utf-8", end="\n", delimiter=(",", ";"), last=(True, False)),
    "Db2 EXPORT OF DEL": dict(header=ENGLISH, quote="text", time="db2", fee="db2 fen", status="digit"),
    "Db2, yuan": dict(header=CHINESE, quote="text", time="db2", fee="db2", status="digit"),
    "SQL*Plus": dict(header=CAPITALS, fee="fen", status="digit", pad=" ", quote=("minimal", "text")),
    "SQLcl": dict(header=CAPITALS, quote="text", fee="fen", status="digit", time=("iso", "oracle")),
    "SQL Developer": dict(header=CAPITALS, quote="text", fee="fen", null=("", "(null)"), status="digit"),
    "sqlcmd": dict(null="NULL", time=".000", fee="yuan4", end="\r\n", status="digit", quote="none"),
    "sqlcmd -u": dict(null="NULL", time=".0000000", encoding="utf-16-le", end="\r\n", options=("--encoding", "utf-16")),
    "SSMS": dict(null="NULL", time=(".000", ".0000000"), fee="yuan4", end="\r\n", encoding="utf-8-sig"),
    "bcp": dict(delimiter="\t", time=".000", fee="yuan4", end="\r\n", quote="none"),
    "MySQL OUTFILE": dict(null="\\N", escape="backslash", quote=("all", "text"), status="digit"),
    "mysql -B": dict(delimiter="\t", null="NULL", quote="none", escape="backslash", status="digit"),
    "mysql table": dict(delimiter="|", quote="none", pad=" ", null="NULL", wrap="|", before="+-----+----+\n"),
    "MySQL Workbench": dict(null=("NULL", ""), quote="text", delimiter=(",", ";"), status="digit"),
    "SQLyog": dict(null="\\N", quote="all", end="\r\n"),
    "Navicat": dict(quote="all", end="\r\n", encoding=("utf-8", "gb18030", "utf-8-sig"), time=("iso", "short")),
    "DBeaver": dict(null=("", "[NULL]"), time=("iso", ".0", ".000"), quote=("minimal", "all")),
    "DataGrip": dict(null=("", "null"), time=("iso", ".0"), status="digit"),
    "Hive": dict(delimiter="\x01", null="\\N", quote="none", escape="backslash", options=("--delimiter", "\\x01")),
    "Hive CLI": dict(delimiter="\t", null="NULL", quote="none", time=("iso", ".0"), status="digit"),
    "Spark": dict(escape="backslash", null=("", '""'), time=("+08:00", "+0800", "T"), status="digit"),
    "Doris": dict(null="\\N", delimiter=("\t", ","), quote="none", status="digit"),
    "ClickHouse": dict(quote="text", null="\\N", status="digit", header=ENGLISH, fee="fen"),
    "PostgreSQL COPY": dict(header=ENGLISH, fee="fen", status="digit", time=("iso", "+08")),
    "psql --csv": dict(header=ENGLISH, fee="fen", status="digit", time="+08"),
    "SQLite": dict(header=ENGLISH, fee="fen", status="digit", end=("\n", "\r\n")),
    "pandas": dict(status=("digit", "1.0"), null=("", "nan", "None"), fee=("trimmed", "yuan")),
    "Polars": dict(time=("T", ".000"), status="digit", fee="trimmed", null=("", "null")),
    "POI": dict(encoding="utf-8", time=("iso", "excel"), fee=("trimmed", "yuan"), status=("digit", "1.0")),
    "EasyExcel": dict(encoding=("utf-8-sig", "gb18030"), quote=("minimal", "all"), end="\r\n"),
    "Kettle": dict(delimiter=";", quote=("all", "text"), pad=("", " "), time=("iso", ".000"), encoding=("utf-8", "gb18030")),
    "Informatica": dict(delimiter=("|", ","), quote=("all", "minimal"), null=("", "*")),
    "DataX": dict(null="\\N", quote="none", delimiter=("\x01", ","), options=()),
    "SAS": dict(quote="minimal", fee=("point", "trimmed"), end="\r\n", null=("", ".")),
    "R": dict(quote="text", null=("NA", ""), status="digit"),
    "Go": dict(time=("iso", "+08:00")),
    "SheetJS": dict(time=("excel", "Z"), fee="trimmed", encoding=("utf-8", "utf-8-sig")),
    "JavaScript": dict(time="Z", quote=("all", "minimal"), status="digit", null=("", "null", "undefined")),
    "Export-Csv": dict(quote="all", end="\r\n", time=("short", "iso"), encoding=("utf-8-sig", "utf-16"),
                       before="#TYPE System.Data.DataRow\r\n"),
    "Export-Csv -NoType": dict(quote="all", end="\r\n", time=("short", "us"), encoding=("utf-8-sig", "utf-16", "gb18030")),
    "SAP": dict(delimiter=(";", "|", "\t"), pad=(" ", ""), fee=("yuan", "grouped"), time=("iso", "compact", "spaced")),
    "Alipay": dict(header=CHINESE, encoding="gb18030", pad="      ", trail=",", after="-----\n共2笔，成功1笔128.00元\n"),
    "Alipay, all of it": dict(encoding="gb18030", trail=",", pad="\t",
                              before="------\n支付宝账务明细\n账号：[20880]\n\n"),
    "WeChat": dict(quote="all", encoding="utf-8-sig", end="\r\n", fee=("mark", "yuan"), pad="\t", null="/"),
    "ICBC": dict(encoding="gb18030", quote="text", pad="     \t", trail=",", end="\r\n", fee=("yuan", "grouped")),
    "ABC": dict(encoding="gb18030", fee="plus", null="--", time=("spaced", "compact")),
    "CCB": dict(encoding="gb18030", quote="all", fee="grouped", time="spaced", before="账号,6217\n"),
    "Taobao shop": dict(encoding="gb18030", quote="all", wrap="idiom", end="\r\n"),
    "a form": dict(header=STARRED, encoding=("gb18030", "utf-8-sig"), end="\r\n"),
    "an insurer": dict(header=FORMAL, status=("office", "word"), time=("年", "年时", "iso"), encoding="gb18030"),
    "an insurer, codes": dict(header=IN_FEN, fee=("fen", "fen.00"), status=("code", "01", "digit")),
    "a core system": dict(header=IN_FEN, fee="fen", delimiter="|", encoding="gb18030", time=("compact", "spaced", "AM")),
    "a report": dict(after=("合计,2,,,128.00,,\n", "总计：共 2 条\n", ",,,,,,\n"), encoding=("utf-8-sig", "gb18030"), end="\r\n"),
    "DOS": dict(encoding="gb18030", end="\r\n", after="\x1a"),
    "old Mac": dict(end="\r"),
    "an amount in words": dict(fee="word", encoding="utf-8-sig"),
    "Windows, Chinese": dict(time="上午", encoding="gb18030", end="\r\n"),
    "an office": dict(),
    "time as a number": dict(time=("epoch", "serial", "ticks", "/Date/")),
    "FineReport": dict(encoding=("utf-8-sig", "gb18030"), end="\r\n", after=(
        "制表人：王,,审核：李,,,,\r\n", "打印时间：2026-11-26 09:00:00\r\n", "第 1 页 / 共 1 页\r\n", "备注：以上数据来自核心系统\r\n")),
    "Yonyou": dict(encoding="gb18030", end="\r\n", fee="grouped", after=(
        "合计,,,,128.00,,\r\n制单人：王,,,,,,\r\n", "合计人民币壹佰贰拾捌元整\r\n")),
    "Kingdee": dict(encoding="gb18030", end="\r\n", after=(",,,,128.00,,\r\n", "审核人,,,,,,\r\n", "*** End of Report ***\r\n")),
    "SAP ALV": dict(delimiter="|", quote="none", pad=" ", wrap="|", after=("-" * 40 + "\n", "")),
    "SQL*Plus, pages": dict(header=CAPITALS, fee="fen", status="digit", page=(2, 5), after=("", "\n8 rows selected.\n")),
    "SQL*Plus, error": dict(header=CAPITALS, fee="fen", status="digit", after=("ERROR:\nORA-01555: snapshot too old\n")),
    "PL/SQL Developer": dict(header=CAPITALS, fee="fen", status="digit", quote="all", index='""'),
    "Toad": dict(header=CAPITALS, fee="fen", status="digit", null=("", "{null}"), options=("--null", "{null}")),
    "pandas, index": dict(index=("", "Unnamed: 0", "index"), null=("", "<NA>", "NaN"), fee="trimmed"),
    "R, row names": dict(index=False, quote="text", null="NA"),
    "Metabase": dict(time=("T", "+08:00"), encoding="utf-8", null="", after=("", "(results truncated)\n")),
    "Power BI": dict(encoding="utf-8-sig", end="\r\n", time=("short", "AM"), fee="trimmed", after=("", "已应用筛选器: 状态 是 全部\r\n")),
    "Superset": dict(time=("iso", "T"), null=("", "<NA>")),
    "copy of two files": dict(page=3, mark="\ufeff", encoding="utf-8-sig", end="\r\n"),
    "mixed line ends": dict(page=2, mark="mixed"),
    "a disk that filled up": dict(after="\0" * 64),
    "an old terminal": dict(encoding="gb18030", end="\r\n", after="\x1a\x1a\x1a"),
    "amounts in Chinese": dict(fee="capital"),
    "amounts of an accountant": dict(fee=("bracket", "minus behind", "apostrophes", "credit")),
    "zones in words": dict(time=("CST", "GMT+8", "Shanghai")),
    "half days": dict(time=("上午 only", "凌晨")),
}  # fmt: skip


class File:
    """One export: `name` says who wrote it and what was done to it."""

    def __init__(self, source, name):
        self.source = source
        self.name = name
        self.habits = dict(USUAL, **WRITERS[name])
        for key, value in self.habits.items():
            if isinstance(value, tuple) and key not in ("header", "options"):
                self.habits[key] = source.choice(value)
        rows = source.choice((1, 2, 3, 8, 12, 30))
        order_no = source.choice(ORDER_NUMBERS)
        small = source.random() < 0.6
        self.claims = [Claim(source, i, order_no, small) for i in range(rows)]
        if self.habits["time"] == "excel":
            for claim in self.claims:
                claim.time = claim.time.replace(second=0)
        self.order = list(range(7))
        if source.random() < 0.3:
            source.shuffle(self.order)
        self.cells = [self.cells_of(claim) for claim in self.claims]
        self.also_right = set()  # what is sent with the escapes of its writer, by the rule backslash-escape
        self.raw_lines = {}  # of a damage: in place of the row's line
        self.body = None

    def cells_of(self, claim):
        habits = self.habits
        form = TIMES[habits["time"]]
        desc = claim.desc
        return [
            str(claim.workcard_id), claim.order_no, STATUSES[habits["status"]](claim.status),
            form(claim.time) if callable(form) else claim.time.strftime(form),
            MONEY[habits["fee"]](claim.fee), desc if desc else habits["null"], "1",
        ]  # fmt: skip

    def quoted(self, cell, column):
        habits = self.habits
        special = any(mark in cell for mark in (habits["delimiter"], '"', "\r", "\n"))
        if habits["wrap"] == "idiom" and column < 2:
            return f'="{cell}"'
        pad = habits["pad"]
        if habits["escape"] == "backslash":
            escaped = cell if cell == "\\N" else cell.replace("\\", "\\\\").replace("\n", "\\\n")
            if habits["quote"] == "none":
                escaped = escaped.replace("\\\n", "\\n").replace(habits["delimiter"], "\\" + habits["delimiter"])
                return pad + escaped + pad
            escaped = escaped.replace('"', '\\"')
            return f'"{escaped}"' if habits["quote"] == "all" or column in (1, 3, 5) or special else escaped
        wanted = habits["quote"] == "all" or (habits["quote"] == "text" and column in (1, 2, 3, 5))
        if cell == '""' or habits["quote"] == "none" or not (wanted or special):
            return pad + cell + pad
        # A bank pads the text, a shop what stands around it.
        inner = cell.replace('"', '""')
        return f'"{inner}{pad}"' if "\t" not in pad or wanted else f'"{inner}"' + pad

    def line(self, cells, row=None):
        if row in self.raw_lines:
            return self.raw_lines[row]
        habits = self.habits
        text = habits["delimiter"].join(self.quoted(cells[i], i) for i in self.order)
        if habits["wrap"] == "|":
            text = f"|{text}|"
        return text + habits["trail"] + habits["end"]

    def header(self):
        habits = self.habits
        names = [habits["header"][i] for i in self.order]
        quote = '"' if habits["quote"] == "all" else ""
        text = habits["delimiter"].join(f"{quote}{name}{quote}" for name in names)
        if habits["wrap"] == "|":
            text = f"|{text}|"
        return text + habits["trail"] + habits["end"]

    def indexed(self, row, text):
        """The line with what some programs put before it: a number, and a header for that or none."""
        index = self.habits["index"]
        if index is None or (row < 0 and index is False):
            return text
        return (index if row < 0 else str(row)) + self.habits["delimiter"] + text

    def lines(self):
        """The rows; between them what begins each page."""
        page, mark = self.habits["page"], self.habits["mark"]
        for row, cells in enumerate(self.cells):
            if page and row and row % page == 0 and mark != "mixed":
                yield mark + self.indexed(-1, self.header())
            line = self.indexed(row, self.line(cells, row))
            other = {"\n": "\r\n", "\r\n": "\n"}.get(self.habits["end"])
            if mark == "mixed" and other and row % page:
                line = line.removesuffix(self.habits["end"]) + other
            yield line

    def text(self):
        rows = "".join(self.lines())
        text = self.habits["before"] + self.indexed(-1, self.header()) + rows + self.habits["after"]
        return text if self.habits["last"] else text.removesuffix(self.habits["end"])

    def encoded(self):
        if self.body is None:
            self.body = self.text().encode(self.habits["encoding"], "replace")
        return self.body

    def arguments(self):
        """What a person types for such a file."""
        habits = self.habits
        options = list(habits["options"]) + list(STATUS_OPTIONS.get(habits["status"], ()))
        if habits["null"] in ("NA", ".", "*", "undefined"):  # no default, so a person names it
            options += ["--null", habits["null"]]
        if habits["delimiter"] != "," and "--delimiter" not in options:
            options += ["--delimiter", {"\t": "tab"}.get(habits["delimiter"], habits["delimiter"])]
        if habits["encoding"] == "gb18030" and habits["header"][0].isascii():
            options += ["--encoding", "gb18030"]
        return options

    def right_values(self):
        """For each claim, the values that may be sent for it."""
        backslash = self.habits["escape"] == "backslash"
        values = []
        for claim in self.claims:
            right = {claim.values()}
            if backslash and any(mark in claim.desc for mark in '\\",\n\t|\x01'):
                delimiter = self.habits["delimiter"]
                text = claim.desc.replace("\\", "\\\\")
                if self.habits["quote"] == "none":
                    right.add(claim.values(text.replace(delimiter, "\\" + delimiter)))
                right.add(claim.values(text))
            values.append(right)
        return values


FOOTERS = ("", "", "", "合计\n", "总计：共2条\n", "----------\n")
TOTALS = ("合计", "总计", "小计：", "合 计", "本页合计", "Total", "合计（元）", "共计")


def wide_total(source, order, delimiter):
    """A total of as many cells as the header: the word and a count in any columns, the sum under the amounts."""
    width = len(order)
    cells = [""] * width
    cells[source.randrange(width)] = source.choice(TOTALS)
    count, amount = source.randrange(width), order.index(4)
    cells[count] = cells[count] or str(source.randrange(1, 5000))
    cells[amount] = cells[amount] or f"{source.randrange(1, 10**6)}.{source.randrange(100):02d}"
    return delimiter.join(cells)


class Ordinary(File):
    """One that nobody did anything to: to be taken without a question."""

    HEADERS = ((ENGLISH, "fen"), (CHINESE, "yuan"), (CHINESE, "trimmed"), (FORMAL, "yuan"), (IN_FEN, "fen"))

    def __init__(self, source):
        super().__init__(source, "an office")
        header, fee = source.choice(self.HEADERS)
        self.habits.update(
            header=header,
            fee=fee,
            status=source.choice(("digit", "word")),
            time=source.choice(("iso", "iso", "slash", "short")),
            encoding=source.choice(("utf-8", "utf-8-sig", "gb18030", "gb18030", "utf-16")),
            end=source.choice(("\n", "\r\n")),
            quote=source.choice(("minimal", "text", "all")),
            after=source.choice(FOOTERS),
        )
        for claim in self.claims:
            if claim.status == 2 and source.random() < 0.6:
                claim.desc = self.reason()
            if source.random() < 0.001:  # ids that truly end so
                claim.workcard_id -= claim.workcard_id % 1000
        if source.random() < 0.25:
            self.habits["after"] = wide_total(source, self.order, self.habits["delimiter"]) + "\n"
        self.habits["after"] = self.habits["after"].replace("\n", self.habits["end"])
        self.cells = [self.cells_of(claim) for claim in self.claims]

    def reason(self):
        """Of one character, too; and with rare ones in it."""
        source = self.source
        pool = "".join(REASONS[:12]).translate({ord(c): None for c in ' “”IMEI,：；'})  # marks alone say nothing
        text = "".join(source.choices(pool, k=source.choice((1, 1, 2, 3, 6, 20))))
        rare = ((0x4E00, 0x9FA5), (0x3400, 0x4DB5), (0x20000, 0x2A6D6))
        if source.random() < 0.3:
            text = "型号" + chr(source.randint(*source.choice(rare))) + text
        return text

    def is_ambiguous(self):
        """Under an ASCII header, characters that are all of two bytes in UTF-8, and GB18030 as well."""
        try:
            text = self.encoded().decode("utf-8")
            self.encoded().decode("gb18030")
        except UnicodeDecodeError:
            return False
        others = [c for c in text if ord(c) >= 0x80]
        return self.habits["header"][0].isascii() and bool(others) and all(ord(c) < 0x800 for c in others)

    def arguments(self):
        return []


# ---- damages ----


def choose(file):
    return file.source.randrange(len(file.cells))


def scientific(text):
    value = float(text)
    mantissa, exponent = f"{value:.5E}".split("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E+{int(exponent):02d}"


def shorten_ids(file):
    for cells in file.cells:
        cells[0] = scientific(cells[0])


def shorten_numbers(file):
    for cells in file.cells:
        if cells[1].isdigit() and len(cells[1]) > 11:
            cells[1] = scientific(cells[1])


def round_ids(file):
    """Only where so many are rounded that it is no chance."""
    if len(file.cells) >= 12 and len(file.cells[0][0]) >= 16:
        for cells in file.cells:
            cells[0] = cells[0][:15] + "0" * (len(cells[0]) - 15)


def round_numbers(file):
    if len(file.cells) >= 12 and all(c[1].isdigit() and len(c[1]) > 16 for c in file.cells):
        for cells in file.cells:
            cells[1] = cells[1][:15] + "0" * (len(cells[1]) - 15)


def float_ids(file):
    for cells in file.cells:
        cells[0] += ".0"


def float_numbers(file):
    """Of a column of short ones nobody can tell whether its numbers are so."""
    if all(c[1].isdigit() and len(c[1]) > 9 for c in file.cells) and len(file.cells) > 1:
        for cells in file.cells:
            cells[1] += ".0"


def in_guise(*marks):
    """Marks that are no part of a number; those that only look like ASCII, where all else is ASCII."""

    def spoil(file):
        cells = file.cells[choose(file)]
        if not cells[1].isascii():
            return
        before, after = file.source.choice(marks)
        cells[1] = before + cells[1] + after

    return spoil


def put(column, *texts):
    def spoil(file):
        file.cells[choose(file)][column] = file.source.choice(texts)

    return spoil


def put_reason(*texts):
    def spoil(file):
        rows = [row for row, claim in enumerate(file.claims) if claim.status == 2]
        if rows:
            file.cells[file.source.choice(rows)][5] = file.source.choice(texts)

    return spoil


def misread(file):
    """UTF-8 that was opened as GBK."""
    for row, claim in enumerate(file.claims):
        if claim.status == 2 and len(claim.desc) > 3 and not claim.desc.isascii():
            try:
                file.cells[row][5] = claim.desc.encode("utf-8").decode("gbk")
            except UnicodeDecodeError:
                pass


def wide_number(file):
    cells = file.cells[choose(file)]
    if cells[1].isalnum() and any(c.isdigit() for c in cells[1]) and cells[1].isascii():
        cells[1] = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in cells[1])


def two_numbers(file):
    """Only in a column that has a shape."""
    shapes = {"".join("9" if c.isdigit() else "A" for c in cells[1]) for cells in file.cells}
    if len(file.cells) < 8 or len(shapes) > 1 or not file.cells[0][1].isalnum() or not file.cells[0][1].isascii():
        return
    row = choose(file)
    file.cells[row][1] += file.source.choice("、,;/ ") + file.cells[row - 1][1]


def cut_row(file):
    """A line break in a text that nobody quoted, in the last column."""
    rows = [row for row, claim in enumerate(file.claims) if claim.status == 2 and len(claim.desc) > 3]
    if not rows or file.habits["quote"] != "minimal" or file.habits["trail"] or file.habits["wrap"]:
        return
    if file.habits["escape"] != "double":
        return
    row = file.source.choice(rows)
    file.order = [0, 1, 2, 3, 4, 6, 5]
    cells = list(file.cells[row])
    cells[5] = "甲乙"
    file.raw_lines[row] = file.line(cells).replace("甲乙", "缺少资料：" + file.habits["end"] + "购机发票")


def unquoted_comma(file):
    """An amount whose grouping comma parts it."""
    rows = [row for row, claim in enumerate(file.claims) if claim.fee >= 100000]
    if not rows or file.habits["fee"] != "yuan" or file.habits["delimiter"] != "," or file.habits["quote"] == "all":
        return
    row = file.source.choice(rows)
    cells = list(file.cells[row])
    cells[4] = "甲乙"
    cells[5] = ""
    file.raw_lines[row] = file.line(cells).replace("甲乙", grouped(file.claims[row].fee))


def cut_file(file):
    """Not at the end of a line, where nobody can see it."""
    body = file.encoded()
    kept = body[: file.source.randrange(len(body) // 2, len(body))]
    if not kept.rstrip(b"\0").endswith((b"\r", b"\n")) and kept[-2:-1] not in (b"\r", b"\n"):
        file.body = kept


def lose_bytes(file):
    """Of GB18030 the rest of the line may be other characters, which nobody can see."""
    body = file.encoded()
    high = [i for i, byte in enumerate(body) if byte >= 0x80]
    if high and file.habits["encoding"].startswith("utf"):
        at = file.source.choice(high)
        file.body = body[:at] + body[at + 1 :]


def default_dates(file):
    texts = ("1970-01-01 08:00:00", "1900-01-01 00:00:00", "0001-01-01 00:00:00", "1899-12-30 00:00:00")
    file.cells[choose(file)][3] = file.source.choice((*texts, "0000-00-00 00:00:00", "1753-01-01", ""))


def second_header(file):
    """The unit, in a second line."""
    if file.habits["header"] is not ENGLISH or file.habits["fee"] != "fen":
        return
    names = CHINESE
    for cells, claim in zip(file.cells, file.claims):
        cells[4] = trimmed(claim.fee)
    file.cells.insert(0, list(names))
    for cells, claim in zip(file.cells[1:], file.claims):
        cells[4] = str(claim.fee // 100)
    for claim in file.claims:
        claim.fee = claim.fee // 100 * 100


def limits(file):
    file.cells[choose(file)][0] = file.source.choice(
        ("0", "2147483647", "4294967295", "9007199254740992", "9223372036854775807")
    )


def swapped_unit(file):
    """The cells say another unit than the header."""
    for cells, claim in zip(file.cells, file.claims):
        cells[4] = trimmed(claim.fee) + ("元" if file.habits["fee"].startswith("fen") else "分")


def grouped_numbers(file):
    """As a spreadsheet shows them, without quotes where the delimiter is no comma."""
    for cells in file.cells:
        if not cells[1].isdigit() or cells[1].startswith("0") or len(cells[1]) < 5:
            return
    for cells in file.cells:
        cells[1] = f"{int(cells[1]):,}" + file.source.choice(("", ".00"))


def other_unit(file):
    """Below the claims, where it makes 100 times of them."""
    if not file.habits["after"] and file.habits["last"]:
        taken = "元" if file.habits["fee"].startswith("fen") or file.habits["fee"] == "db2 fen" else "分"
        file.habits["after"] = f"注：以上金额单位：{taken}" + file.habits["end"]
        file.claims.clear()  # none of them may be sent


DAMAGES = {
    "ids shortened": shorten_ids,
    "numbers shortened": shorten_numbers,
    "ids rounded": round_ids,
    "numbers rounded": round_numbers,
    "ids as floats": float_ids,
    "numbers as floats": float_numbers,
    "a guise": in_guise(("'", ""), ("`", ""), ("", "&nbsp;"), ("&quot;", ""), ("‘", ""), ("“", "”"), ("", "\u200b")),
    "no number": put(1, "NULL", "\\N", "nan", "None", "(null)", "", "#N/A", "########", "-", "无"),
    "a word for a number": put(1, "TRUE", "0", "000", "#", "待定", "(空白)", "N/A", "同上", "[object Object]", "-1", "...", "{{no}}"),
    "another number": in_guise(("报案号", ""), ("报案号：", ""), ("赔案号", ""), ("单号:", ""), ("No:", "")),
    "wrapped": in_guise(("<b>", "</b>"), ("{", "}"), ("=", ""), ("", ";"), ("", "，"), ("b'", "'"), ("*", "*"), ("", "'")),
    "cut": in_guise(("", "…"), ("", "..."), ("****", "")),
    "numbers in groups": grouped_numbers,
    "a note with another unit": other_unit,
    "a date for a number": put(1, "4-Nov", "Nov-26", "2026/11/4", "2026-11-04 00:00:00", "11月4日"),
    "no id": put(0, "NULL", "\\N", "", "########", "#VALUE!", "1.5", "-1", "８８１５", "8,815,301"),
    "an amount that is none": put(4, "", "NULL", "-5.00", "1.2E+05", "12.345", "壹佰", "$5", "(5.00)", "1.280,00", "５"),
    "a status that is none": put(2, "", "3", "NULL", "-1", "true", "已结案?"),
    "a time that is none": put(3, "", "NULL", "2026-13-01 00:00:00", "46330.5", "12:31.0", "1/2/26", "2.0261E+13"),
    "lost text": put_reason("????", "\ufffd\ufffd", "锟斤拷", "锟斤拷锟斤拷"),
    "misread": misread,
    "wide digits": wide_number,
    "two numbers": two_numbers,
    "a cut row": cut_row,
    "a parted amount": unquoted_comma,
    "a cut file": cut_file,
    "a lost byte": lose_bytes,
    "default dates": default_dates,
    "a second header": second_header,
    "limits of types": limits,
    "another unit": swapped_unit,
    "no reason": put_reason("NULL", "\\N", "nan", "None", "", "--", "NA", ".", "N/A", "□", "0", "空"),
}


def draw(source, names=None, damages=None):
    """One file, half of them damaged; its name says how."""
    file = File(source, source.choice(names or list(WRITERS)))
    if source.random() < 0.5:
        damage = source.choice(damages or list(DAMAGES))
        DAMAGES[damage](file)
        file.name += f", {damage}"
    file.encoded()
    return file


def seeded(seed):
    return random.Random(seed)
