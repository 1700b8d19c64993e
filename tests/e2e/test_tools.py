"""Exports as the tools of the world make them: each is read to the right values, or refused with words
that say what to do. The files in exports/ hold made-up claims."""

import json
import os

from harness import TestCase

EXPORTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exports")

# Options; exit code; then the words of a refusal, or rows, the codes of each row and the money in fen.
FILES = {
    "02-apostrophe-number.csv": ((), 1, 2, {2: 'DAMAGED_ORDER_NO', 3: 'DAMAGED_ORDER_NO'}, 0),
    "05b-pandas-float-orderno-only.csv": ((), 1, 2, {2: 'EXCEL_NUMBER', 3: 'EXCEL_NUMBER'}, 0),
    "06-null-sql.csv": ((), 1, 4, {3: 'REFUSED_WITHOUT_REASON', 4: 'MISSING_FIELD', 5: 'MISSING_FIELD'}, 12800),
    "06b-null-mysql.csv": ((), 1, 4, {3: 'REFUSED_WITHOUT_REASON', 4: 'MISSING_FIELD', 5: 'MISSING_FIELD'}, 12800),
    "07-rounded-16.csv": ((), 1, 6, {2: 'EXCEL_ROUNDED_ID', 3: 'EXCEL_ROUNDED_ID', 4: 'EXCEL_ROUNDED_ID', 5: 'EXCEL_ROUNDED_ID', 6: 'EXCEL_ROUNDED_ID', 7: 'EXCEL_ROUNDED_ID'}, 0),
    "07d-rounded-18.csv": ((), 0, 1, {2: 'EXCEL_ROUNDED_ID'}, 12800),
    "08-timestamp-fraction.csv": ((), 0, 6, {}, 62300),
    "09-db2-del.csv": ((), 0, 2, {}, 12800),
    "10-sqlserver-money.csv": ((), 0, 2, {}, 12800),
    "10c-fen-with-point-zero.csv": ((), 0, 2, {}, 22700),
    "11-gbk-loushui.csv": ((), 65, "'漏水' in GB18030"),
    "12-question-marks.csv": ((), 1, 1, {2: 'LOST_TEXT'}, 0),
    "13-unquoted-newline-last.csv": ((), 1, 4, {3: 'CUT_ROW', 4: 'COLUMN_COUNT'}, 22700),
    "14-mysql-outfile.csv": ((), 0, 2, {2: 'BACKSLASH_ESCAPE'}, 0),
    "15-ctrl-z.csv": ((), 0, 1, {}, 12800),
    "17-alipay.csv": ((), 65, "line 7 looks like the header"),
    "17b-alipay-body.csv": ((), 0, 2, {}, 12800),
    "19-default-dates.csv": ((), 1, 10, {2: 'PAST_TIME', 3: 'PAST_TIME', 4: 'PAST_TIME', 5: 'PAST_TIME', 6: 'PAST_TIME', 7: 'PAST_TIME', 8: 'BAD_TIME', 9: 'FUTURE_TIME', 10: 'BAD_TIME'}, 12800),
    "20-date-forms.csv": ((), 1, 21, {2: 'DATE_ONLY', 5: 'DATE_ONLY', 10: 'BAD_TIME', 11: 'BAD_TIME', 12: 'BAD_TIME', 13: 'BAD_TIME', 14: 'BAD_TIME', 16: 'BAD_TIME', 17: 'BAD_TIME', 19: 'BAD_TIME', 20: 'BAD_TIME', 21: 'BAD_TIME'}, 140800),
    "21-orderno-lookalike.csv": ((), 1, 14, {2: 'DAMAGED_ORDER_NO', 3: 'DAMAGED_ORDER_NO', 4: 'DAMAGED_ORDER_NO', 7: 'DAMAGED_ORDER_NO', 8: 'DAMAGED_ORDER_NO', 9: 'DAMAGED_ORDER_NO', 10: 'DAMAGED_ORDER_NO', 11: 'DAMAGED_ORDER_NO', 13: 'DAMAGED_ORDER_NO', 14: 'DAMAGED_ORDER_NO', 15: 'DAMAGED_ORDER_NO'}, 38400),
    "23-gbk-euro.csv": ((), 65, "euro sign"),
    "24-dlp-encrypted.csv": ((), 65, "encrypted"),
    "24c-gz.csv": ((), 65, "gzip"),
    "26-status-words.csv": (('--status', '赔付=1', '--status', '已赔付=1', '--status', '结案=1', '--status', '已结案=1', '--status', '核赔通过=1', '--status', '1-理赔成功=1', '--status', '正常赔付=1', '--status', 'true=1', '--status', '同意=1', '--status', '成功=1', '--status', '拒赔=2'), 1, 15, {5: 'REFUSED_WITHOUT_REASON REFUSED_WITH_FEE', 11: 'BAD_STATUS'}, 166400),
    "27-unit-slash.csv": ((), 0, 1, {}, 12800),
    "27b-unit-colon.csv": ((), 0, 1, {}, 12800),
    "27g-star.csv": ((), 0, 1, {}, 12800),
    "27i-break.csv": ((), 0, 1, {}, 12800),
    "31b-fullwidth-comma.csv": (('--delimiter', '，'), 0, 1, {}, 12800),
    "31d-mysql-table.csv": ((), 65, "line 2 looks like the header"),
    "33-wechat-tabs.csv": ((), 1, 1, {2: 'BAD_FEE'}, 0),
    "35-idiom-variants.csv": ((), 0, 2, {}, 25600),
    "36d-english-and-chinese-int.csv": ((), 65, "says yuan"),
    "37-html-in-desc.csv": ((), 0, 1, {}, 0),
    "39-unlabelled-column.csv": ((), 1, 2, {2: 'COLUMN_COUNT'}, 12800),
    "40-icbc-shape.csv": ((), 65, "line 5 looks like the header"),
    "40b-icbc-body.csv": ((), 0, 2, {}, 12800),
    "41-taobao-shape.csv": ((), 1, 2, {2: 'DAMAGED_ORDER_NO'}, 0),
    "42-abc-two-columns.csv": (('--column', 'claim_time=理赔日期+理赔时间', '--rule', 'missing-final-newline=warn'), 0, 1, {2: 'MISSING_FINAL_NEWLINE'}, 12800),
    "42b-plus-sign.csv": ((), 0, 1, {}, 12800),
    "43-orderno-dates.csv": ((), 1, 9, {2: 'EXCEL_NUMBER', 3: 'EXCEL_NUMBER', 4: 'EXCEL_NUMBER', 5: 'EXCEL_NUMBER', 6: 'EXCEL_NUMBER', 7: 'EXCEL_NUMBER', 8: 'DAMAGED_ORDER_NO', 9: 'DAMAGED_ORDER_NO', 10: 'EXCEL_NUMBER'}, 0),
    "45-utf16le-no-bom.csv": (('--encoding', 'utf-16'), 0, 1, {}, 12800),
    "50-number-type-oracle.csv": ((), 1, 2, {2: 'EXCEL_NUMBER', 3: 'BAD_NUMBER'}, 0),
}

HEADER = "workcard_id,claim_order_no,claim_status,claim_time,claim_fee,claim_desc,claim_count"
CHINESE = "工单ID,理赔单号,理赔状态,理赔时间,{},拒赔原因,理赔单数量"
SHORT = "workcard_id,claim_order_no,claim_status,claim_time,claim_fee"
SWAPPED = "workcard_id,claim_order_no,claim_status,claim_time,claim_count,claim_desc,claim_fee"
GOOD = "8815301637,LP202611004107,1,2026-11-02 09:12:31,12800,,1"


def rows(*lines, header=HEADER):
    return "\n".join((header, *lines)) + "\n"


def claim(number=1, **changes):
    cells = dict(id=str(8815301600 + number), no=f"LP{number:08d}", status="1", time="2026-11-02 09:12:31")
    cells |= dict(fee="12800", desc="", count="1") | changes
    return ",".join(cells.values())


def refusal(number=1, desc="", **changes):
    return claim(number, status="2", fee="0", desc=desc, **changes)


OTHER_UNITS = ("萬元", "仟元", "佰元", "拾元", "十元", "百万", "W元", "K元", "韩元", "新元", "澳门元", "THB", "S$", "₩", "0.01元", "元*100", "1/100元")
NO_REASONS = ("NA", "N/A", "n.a.", ".", "……", "*", "□", "\u2800", "TRUE", "missing", "0", "（空）", "待补充", "同上", "{null}")

# What it is; the bytes; options; then as above.
BROTHERS = (
    ("two units in a header", rows(claim(), header=CHINESE.format("理赔金额(元/分)")), (), 65, "fen and yuan"),
    ("ten thousands in a header", rows(claim(), header=CHINESE.format("理赔金额（万）")), (), 65, "neither fen nor yuan"),
    ("dollars in a header", rows(claim(), header=CHINESE.format("理赔金额(USD)")), (), 65, "neither fen nor yuan"),
    *[(f"{unit} in a header that is named", rows(claim(), header=CHINESE.format(f"赔款({unit})")), ("--column", f"claim_fee=赔款({unit})", "--fee-unit", "yuan"), 65, "neither fen nor yuan") for unit in OTHER_UNITS],
    ("a branch in a header that is named", rows(claim(), header=CHINESE.format("赔款(总部)")), ("--column", "claim_fee=赔款(总部)", "--fee-unit", "fen"), 0, 1, {}, 12800),
    ("a unit against the option", rows(claim(), header=CHINESE.format("理赔金额：元")), ("--fee-unit", "fen"), 65, "says yuan"),
    ("a cell in yuan", rows(claim(fee="128元")), (), 65, "says yuan"),
    ("a cell in ten thousands", rows(claim(fee="1.2万")), (), 65, "neither fen nor yuan"),
    ("a currency sign", rows(claim(fee="￥128.00")), (), 65, "says yuan"),
    ("RMB in a header", rows(claim(fee="1.28"), header=CHINESE.format("理赔金额 RMB")), (), 0, 1, {}, 128),
    ("a second header with another unit", rows(CHINESE.format("理赔金额(元)"), claim()), (), 65, "second header"),
    ("a repeated header", rows(claim(), HEADER, claim(2)), (), 1, 3, {3: "BAD_NUMBER BAD_STATUS BAD_TIME BAD_FEE BAD_NUMBER"}, 25600),
    ("a header of other columns in the middle", rows(claim(), SWAPPED, claim(2)), (), 65, "line 3: this line is a header with other columns"),
    ("a header of other columns right below", rows(SWAPPED, claim()), (), 65, "line 2: this line is a header with other columns"),
    ("a header of fen among yuan", rows(claim(fee="128.00"), HEADER, claim(2), header=CHINESE.format("理赔金额(元)")), (), 65, "line 3: this line is a header with other columns"),
    ("a second table with another amount", rows(claim(), HEADER.replace("claim_fee", "deductible"), claim(2)), (), 65, "line 3: this line is a header with other columns"),
    ("a second table with another time", rows(claim(), HEADER.replace("claim_time", "报案时间"), claim(2)), (), 65, "line 3: this line is a header with other columns"),
    ("a second table with another time of day", rows("8815301601,LP1,1,2026-11-02,09:12:31,12800", "workcard_id,claim_order_no,claim_status,date,end,claim_fee", header="workcard_id,claim_order_no,claim_status,date,clock,claim_fee"), ("--column", "claim_time=date+clock"), 65, "line 3: this line is a header with other columns"),
    ("a second table with another column that nobody reads", rows("SH," + claim(), "branch," + HEADER, "BJ," + claim(2), header="area," + HEADER), (), 1, 3, {3: "BAD_NUMBER BAD_STATUS BAD_TIME BAD_FEE BAD_NUMBER"}, 25600),
    ("a header right below in other words", rows(HEADER.replace("claim_fee", "amount"), claim()), (), 1, 2, {2: "BAD_NUMBER BAD_STATUS BAD_TIME BAD_FEE BAD_NUMBER"}, 12800),
    ("two headers of one meaning", rows(HEADER, claim(fee="128.00"), header=CHINESE.format("理赔金额(元)")), (), 1, 2, {2: "BAD_NUMBER BAD_STATUS BAD_TIME BAD_FEE"}, 12800),
    ("a repeated header with a column that is named", rows("BA0000001," + claim(), "报案号," + HEADER, "BA0000002," + claim(2), header="报案号," + HEADER), ("--column", "claim_order_no=报案号"), 1, 3, {3: "BAD_NUMBER BAD_STATUS BAD_TIME BAD_FEE DAMAGED_ORDER_NO"}, 25600),
    ("a branch is no unit", rows(claim(), header=CHINESE.format("理赔金额(分公司)")), (), 65, "no column for claim_fee"),
    ("UTF-8 rows in a GBK file", rows(*[refusal(i, "不在保障范围") for i in range(1, 9)]).encode("gbk") + refusal(9, "人为损坏").encode() + b"\n", (), 65, "line 10: claim_desc is UTF-8"),
    ("mojibake in a UTF-8 file", rows(refusal(1, "涓嶅湪淇濋殰鑼冨洿")), (), 1, 1, {2: "LOST_TEXT"}, 0),
    ("a header that was read as GBK", CHINESE.format("理赔金额(元)").encode().decode("gbk", "replace") + "\n" + claim() + "\n", (), 65, "the header in a wrong encoding"),
    ("a header that was read as Latin", CHINESE.format("理赔金额(元)").encode("gbk").decode("latin-1") + "\n" + claim() + "\n", ("--encoding", "utf-8"), 65, "the header in a wrong encoding"),
    ("a header of question marks", "??ID,????,????,????,????(?)\n" + claim() + "\n", (), 65, "the header in a wrong encoding"),
    ("a header of replacements", CHINESE.format("理赔金额(元)").encode("gbk").decode("utf-8", "replace") + "\n" + claim() + "\n", (), 65, "the header in a wrong encoding"),
    ("a header in French", "numéro,état,date,montant,café\n" + claim() + "\n", ("--encoding", "utf-8"), 65, "the first line must be the header"),
    ("a list in JSON", '[{"workcard_id":8815301601}]\n', (), 65, "begins as JSON"),
    ("Big5", rows(refusal(1, "不在保障範圍")).encode("big5"), (), 65, "Big5"),
    ("a private character", rows(refusal(1, "理\ue5e5")), (), 1, 1, {2: "PRIVATE_USE_CHARACTER"}, 0),
    ("a backtick", rows(claim(no="`2026072512")), (), 1, 1, {2: "DAMAGED_ORDER_NO"}, 0),
    ("an entity", rows(claim(no="LP&nbsp;1")), (), 1, 1, {2: "DAMAGED_ORDER_NO"}, 0),
    ("an apostrophe behind", rows(claim(no="LP00000001'")), (), 1, 1, {2: "DAMAGED_ORDER_NO"}, 0),
    ("another number's name", rows(claim(1, no="报案号LP00000001"), claim(2, no="赔案号：LP00000002")), (), 1, 2, {2: "DAMAGED_ORDER_NO", 3: "DAMAGED_ORDER_NO"}, 0),
    ("a name and a colon", rows(claim(1, no="No:LP00000001"), claim(2)), (), 1, 2, {2: "DAMAGED_ORDER_NO"}, 12800),
    ("a name that the column does not have", rows(claim(1), claim(2, no="CLM.LP00000002"), claim(3)), (), 1, 3, {3: "DAMAGED_ORDER_NO"}, 25600),
    ("a name that the column has", rows(claim(1, no="CLM.LP01"), claim(2, no="CLM.LP02")), (), 0, 2, {}, 25600),
    ("words for a number", rows(*[claim(i, no=no) for i, no in enumerate(("TRUE", "0", "#", "待定", "N/A", "[object Object]", "..."), 1)]), (), 1, 7, {i: "DAMAGED_ORDER_NO" for i in range(2, 9)}, 0),
    ("what programs write for no number", rows(*[claim(i, no=no) for i, no in enumerate(("-nan", "1.#IND", "Infinity", "Err:502", "Error 2042", "missing", "XXX", "n.a."), 1)]), (), 1, 8, {i: "DAMAGED_ORDER_NO" for i in range(2, 10)}, 0),
    ("a word among numbers", rows(claim(1), claim(2, no="补交材料"), claim(3)), (), 1, 3, {3: "DAMAGED_ORDER_NO"}, 25600),
    ("a limit of a type", rows(claim(no="2147483647")), (), 1, 1, {2: "CLAMPED_ID"}, 0),
    ("what stands around a number", rows(*[claim(i, no=no) for i, no in enumerate(("<b>LP1</b>", "{LP1}", "=A2&B2", "LP1;", "b'LP1'", "*LP1*"), 1)]), (), 1, 6, {i: "DAMAGED_ORDER_NO" for i in range(2, 8)}, 0),
    ("characters without ink in a number", rows(*[claim(i, no=no) for i, no in enumerate(("LP2026\u2800001", "\u2800", "浙赔字\u2800第1号", "LP\ufffc2026"), 1)]), (), 1, 4, {2: "CONTROL_CHARACTER", 3: "CONTROL_CHARACTER DAMAGED_ORDER_NO", 4: "CONTROL_CHARACTER", 5: "CONTROL_CHARACTER"}, 0),
    ("a question mark for what nobody saw", rows(*[claim(i, no=no) for i, no in enumerate(("?LP00000001", "LP00000002?", "LP????03", "??"), 1)]), (), 1, 4, {2: "DAMAGED_ORDER_NO", 3: "DAMAGED_ORDER_NO", 4: "LOST_TEXT", 5: "LOST_TEXT"}, 0),
    ("cut and masked numbers", rows(claim(1, no="LP0000…"), claim(2, no="LP****02"), claim(3, no="LP00...")), (), 1, 3, {i: "DAMAGED_ORDER_NO" for i in range(2, 5)}, 0),
    ("a number to count with", rows(claim(1, no='"2,026,110,041"'), claim(2, no="2026110042.00"), claim(3, no="-1")), (), 1, 3, {2: "EXCEL_NUMBER", 3: "EXCEL_NUMBER", 4: "DAMAGED_ORDER_NO"}, 0),
    ("several numbers", rows(claim(no="LP00000001；LP00000002")), (), 1, 1, {2: "DAMAGED_ORDER_NO"}, 0),
    ("an exponent without a sign", rows(claim(no="2.02E12")), (), 1, 1, {2: "EXCEL_NUMBER"}, 0),
    ("an exponent among others", rows(claim(1), claim(2, no="12E05"), claim(3)), (), 1, 3, {3: "EXCEL_NUMBER"}, 25600),
    ("exponents are the office's numbers", rows(claim(1, no="2026E0012"), claim(2, no="2026E0013")), (), 0, 2, {}, 25600),
    ("a pattern", rows(claim(no="LP1")), ("--order-no-pattern", "LP[0-9]{8}"), 1, 1, {2: "DAMAGED_ORDER_NO"}, 0),
    ("null words", rows(claim(1, no="[NULL]"), refusal(2, "None"), refusal(3, "—")), (), 1, 3, {2: "MISSING_FIELD", 3: "REFUSED_WITHOUT_REASON", 4: "REFUSED_WITHOUT_REASON"}, 0),
    ("reasons that say nothing", rows(*[refusal(i, text) for i, text in enumerate(NO_REASONS, 1)]), (), 1, len(NO_REASONS), {i + 2: "REFUSED_WITHOUT_REASON" for i in range(len(NO_REASONS))}, 0),
    ("reasons that are meant", rows(*[refusal(i, text) for i, text in enumerate(NO_REASONS, 1)]), ("--rule", "refused-without-reason=warn"), 0, len(NO_REASONS), {i + 2: "REFUSED_WITHOUT_REASON" for i in range(len(NO_REASONS))}, 0),
    ("short reasons", rows(*[refusal(i, text) for i, text in enumerate(("摔", "漏水", "3", "①", "b", "无票", "👎", "不详", "一", "A.", "NAS", "20", "104"), 1)]), (), 0, 13, {}, 0),
    ("what is lost says it once", rows(refusal(1, "??"), refusal(2, "#N/A"), refusal(3, "？")), (), 1, 3, {2: "LOST_TEXT", 3: "EXCEL_NUMBER", 4: "LOST_TEXT"}, 0),
    ("a word for nothing where no reason is needed", rows(claim(desc="NA")), (), 0, 1, {2: "REASON_WITHOUT_REFUSAL"}, 12800),
    ("a word for nothing that is named", rows(claim(1, desc="NA"), refusal(2, "NA")), ("--null", "NA"), 1, 2, {3: "REFUSED_WITHOUT_REASON"}, 12800),
    ("a null word that is none", rows(refusal(1, "无")), ("--null", "none"), 0, 1, {}, 0),
    ("numbers rounded at 18 digits", rows(*[claim(i, id=f"37091120210414{i:02d}00") for i in range(10, 20)]), (), 1, 10, {i: "EXCEL_ROUNDED_ID" for i in range(2, 12)}, 0),
    ("a clamped number", rows(claim(id="4294967295")), (), 1, 1, {2: "CLAMPED_ID"}, 0),
    ("a text cut by a line break", rows(refusal(1, "资料不全：\n缺发票"), claim(2)).replace(",1\n8815301602", ",1\n8815301602"), (), 1, 3, {2: "COLUMN_COUNT", 3: "COLUMN_COUNT"}, 12800),
    ("a shifted amount", rows("8815301637,LP202611004107,1,2026-11-02 09:12:31,1,234.50", header="工单ID,理赔单号,理赔状态,理赔时间,理赔金额(元),拒赔原因"), (), 1, 1, {2: "REASON_WITHOUT_REFUSAL SHIFTED_CELLS"}, 0),
    ("an amount parted before the count", rows("8815301637,LP1,1,2026-11-02 09:12:31,1,234", header=SHORT + ",claim_count"), ("--short-rows",), 1, 1, {2: "COUNT_NOT_ONE SHIFTED_CELLS"}, 0),
    ("an amount parted before an empty count", rows("8815301637,LP1,1,2026-11-02 09:12:31,1,234,", header=SHORT + ",claim_count"), (), 1, 1, {2: "COUNT_NOT_ONE SHIFTED_CELLS"}, 0),
    ("all amounts parted before a column nobody asked for", rows(*[f"88153016{i},LP{i},1,2026-11-02 09:12:31,{i},234.50," for i in (11, 12)], header=SHORT + ",网点"), (), 1, 2, {2: "SHIFTED_CELLS", 3: "SHIFTED_CELLS"}, 0),
    ("decimals parted from the amount", rows("8815301637,LP1,1,2026-11-02 09:12:31,128,50", "8815301638,LP2,1,2026-11-02 09:12:31,1128,50,", "8815301639,LP3,1,2026-11-02 09:12:31,7,5,", "8815301640,LP4,1,2026-11-02 09:12:31,9,5", "8815301641,LP5,1,2026-11-02 09:12:31,9,0,", header=SHORT.replace("claim_fee", "理赔金额(元)") + ",claim_desc"), (), 1, 5, {2: "REASON_WITHOUT_REFUSAL SHIFTED_CELLS", 3: "REASON_WITHOUT_REFUSAL SHIFTED_CELLS", 4: "REASON_WITHOUT_REFUSAL SHIFTED_CELLS", 5: "REASON_WITHOUT_REFUSAL", 6: "REASON_WITHOUT_REFUSAL"}, 1800),
    ("decimals parted from the amount before the count", rows("8815301637,LP1,1,2026-11-02 09:12:31,128,50,1,", "8815301638,LP2,1,2026-11-02 09:12:31,12800,12,", header=SHORT + ",claim_count,claim_desc"), (), 1, 2, {2: "COUNT_NOT_ONE REASON_WITHOUT_REFUSAL SHIFTED_CELLS", 3: "COUNT_NOT_ONE"}, 12800),
    ("decimals parted before a column nobody asked for", rows("8815301637,LP1,1,2026-11-02 09:12:31,128,50,上海,", "8815301638,LP2,1,2026-11-02 09:12:31,128,25,", header=SHORT + ",网点,claim_desc"), (), 1, 2, {2: "REASON_WITHOUT_REFUSAL SHIFTED_CELLS"}, 128),
    ("a branch of three digits behind the amount", rows(*[f"88153016{i},LP{i},1,2026-11-02 09:12:31,{fee},012," for i, fee in ((11, 500), (12, 1250))], header=SHORT + ",网点"), (), 0, 2, {}, 1750),
    ("a count of three digits", rows("8815301637,LP1,1,2026-11-02 09:12:31,500,120", header=SHORT + ",claim_count"), (), 0, 1, {2: "COUNT_NOT_ONE"}, 500),
    ("content without a header", rows(claim() + ",退回"), (), 1, 1, {2: "COLUMN_COUNT"}, 0),
    ("an empty cell more in every row", rows(claim(1) + ",", claim(2) + ","), (), 0, 2, {}, 25600),
    ("an empty header more", rows(claim(), header=HEADER + ","), (), 0, 1, {}, 12800),
    ("a row that ends early", rows("8815301637,LP1,1,2026-11-02 09:12:31,12800"), ("--short-rows",), 0, 1, {}, 12800),
    ("a total below", rows(claim(), "合计,,,,12800,,"), (), 0, 1, {}, 12800),
    ("dashes and a count below", rows(claim(), "--------", "共1笔"), (), 0, 1, {}, 12800),
    ("who made it and when", rows(claim(), "制表人：王,,审核人：李,,,,", "打印时间：2026-11-26 09:00:00"), (), 0, 1, {}, 12800),
    ("a note that may be the rest of a text", "工单ID,理赔单号,理赔状态,理赔时间,理赔金额(分),拒赔原因\n8815301601,LP1,2,2026-11-02 09:12:31,0,资料不全\n备注：缺发票\n", (), 1, 2, {2: "CUT_ROW", 3: "COLUMN_COUNT"}, 0),
    ("a note between claims", rows(claim(1), "备注：以下为补录,,,,,,", claim(2)), (), 1, 3, {3: "BAD_NUMBER MISSING_FIELD"}, 25600),
    ("a note that says another unit", rows(claim(), "注：以上金额单位：元"), (), 65, "says yuan"),
    ("a wide note that says another unit", rows(claim(), "说明：金额单位为元,,,,,,"), (), 65, "says yuan"),
    ("a note about a branch", rows(claim(), "填报单位：分公司理赔部"), (), 0, 1, {}, 12800),
    ("an export that was cut off", rows(claim(), "仅显示前10000条"), (), 1, 2, {2: "CUT_ROW", 3: "COLUMN_COUNT"}, 0),
    ("an error of a database", rows(claim(), "ORA-01555: snapshot too old"), (), 1, 2, {2: "CUT_ROW", 3: "COLUMN_COUNT"}, 0),
    ("cleared lines below", rows(claim(), ",,,,,,", ",,,,,,"), (), 0, 1, {}, 12800),
    ("a date of nothing", rows(claim(time="1900-01-01 00:00:00")), (), 1, 1, {2: "PAST_TIME"}, 0),
    ("an old date that is meant", rows(claim(time="2008-01-01 00:00:00")), ("--oldest-time", "2000-01-01"), 0, 1, {}, 12800),
    ("grouped amounts", rows(claim(fee='"12,800"')), (), 0, 1, {}, 12800),
    ("a decimal comma", rows(claim().replace(",", ";").replace("12800", "1,234"), header=HEADER.replace(",", ";")), ("--delimiter", ";"), 1, 1, {2: "BAD_FEE"}, 0),
    ("control A", rows(claim(), header=HEADER).replace(",", "\x01"), ("--delimiter", "\\x01"), 0, 1, {}, 12800),
    ("two marks", b"\xef\xbb\xbf\xef\xbb\xbf" + rows(claim()).encode(), (), 0, 1, {}, 12800),
    ("a PDF", b"%PDF-1.7\n" + bytes(200), (), 65, "PDF"),
    ("a workbook", b"PK\x03\x04" + bytes(200), (), 65, "xlsx"),
)


class ToolsTest(TestCase):
    def check(self, path, options, code, *right):
        result = self.ws.run("check", "--json", path, *options)
        self.assertEqual(result.code, code, repr(result))
        found = json.loads(result.out)
        if len(right) == 1:
            self.assertIn(right[0], found["refused"])
            return
        count, codes, fen = right
        seen = {}
        for problem in found["problems"]:
            seen.setdefault(problem["row"], []).append(problem["code"])
        self.assertEqual(
            {row: sorted(set(list_)) for row, list_ in seen.items()},
            {row: sorted(set(list_.split())) for row, list_ in codes.items()},
        )
        self.assertEqual((found["rows"], found["fee_fen"]), (count, fen))

    def test_every_file_is_read_right_or_refused(self):
        self.assertEqual(set(os.listdir(EXPORTS)), set(FILES))
        for name, right in FILES.items():
            with self.subTest(name):
                self.check(os.path.join(EXPORTS, name), *right)

    def test_their_brothers_are_read_right_or_refused(self):
        for what, body, options, code, *right in BROTHERS:
            with self.subTest(what):
                self.ws.write("claims.csv", body)
                self.check("claims.csv", options, code, *right)

    def test_check_shows_the_lines_that_it_passes_over(self):
        self.ws.write("claims.csv", rows(claim(), "合计,1,,,128.00,,", "制表人：王,,审核：李,,,,", "第 1 页"))
        result = self.ws.run("check", "claims.csv")
        self.assertExit(result, 0)
        self.assertIn("passed over: 3, from line 3 on: '合计', '制表人：王', '第 1 页'\n", result.out)
        self.assertEqual(json.loads(self.ws.run("check", "--json", "claims.csv").out)["footer_lines"], 3)

    def test_warnings_are_counted_in_the_last_words_of_an_upload(self):
        self.ws.write("claims.csv", rows(claim(1), claim(2, time="2026-11-02"), claim(3, time="2026-11-03"), claim(4, count="2")))
        result = self.ws.upload(self.gateway())
        self.assertExit(result, 0)
        last = result.err[result.err.index("finished: 4 rows") :]
        self.assertRegex(last, r"2 warning DATE_ONLY, first: row 3")
        self.assertRegex(last, r"1 warning COUNT_NOT_ONE, first: row 5")

    def test_claims_that_stand_several_times_with_other_amounts_are_counted_in_an_upload(self):
        again = dict(no="LP00000001", id="8815301601")
        self.ws.write(
            "claims.csv",
            rows(claim(1), claim(2), claim(3, **again), claim(4, fee="12900", **again), claim(5, fee="100", **again),
                 claim(6, no="LP00000002", id="8815301602", time="2026-11-03 09:12:31"), claim(7, fee="x")),
        )
        gateway = self.gateway()
        for options in (("--limit", "2"), ()):  # what an earlier start sent counts, too
            result = self.ws.upload(gateway, "--json", *options)
            said = "2 rows have another amount than the row before of the same claim, first row 5 after row 4"
            self.assertIn(said, result.err)
            manifest = json.loads(result.out)
            self.assertEqual(
                manifest["repeated_with_another_amount"],
                {"rows": 2, "first_row": 5, "row_before": 4, "may_be_more": False},
            )
        self.assertEqual(manifest["warnings"]["CHANGED_SINCE_ACCEPTED"], {"rows": 3, "first_row": 5})

    def test_an_export_without_repeats_says_nothing_of_them(self):
        self.ws.write("claims.csv", rows(claim(1), claim(2, time="2026-11-02"), claim(3, time="2026-11-03")))
        result = self.ws.upload(self.gateway(), "--json")
        self.assertExit(result, 0)
        self.assertNotIn("several times", result.err)
        manifest = json.loads(result.out)
        self.assertEqual(manifest["repeated_with_another_amount"]["rows"], 0)
        self.assertEqual(manifest["warnings"], {"DATE_ONLY": {"rows": 2, "first_row": 3}})

    def test_the_words_of_an_office_are_recorded_and_audited(self):
        self.ws.write("claims.csv", rows(claim(1, status="已结案"), refusal(2, "n/a"), claim(3, status="已结案")))
        gateway = self.gateway()
        options = ("--status", "已结案=1", "--null", "n/a")
        self.assertExit(self.ws.upload(gateway, *options), 1)
        reading = self.ws.read_manifest()["reading"]
        self.assertEqual(reading["statuses"]["已结案"], 1)
        self.assertIn("n/a", reading["null_words"])
        self.assertExit(self.ws.run("audit", "claims.report.csv", "--export", "claims.csv"), 0)
        # Another meaning of the words is another reading.
        result = self.ws.upload(gateway, "--status", "已结案=0", "--null", "n/a")
        self.assertExit(result, 78)
        self.assertEqual(len(gateway.requests), 2)
