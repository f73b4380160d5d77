"""The grammar words of bulletins: verbs, comparisons, decoys, and the units of levels."""

from __future__ import annotations

# unit as printed -> unit as in the catalogue, and what it measures
UNITS: dict[str, tuple[str, str]] = {
    "万亿元": ("CNY trillion", "yuan"),
    "亿元": ("CNY 100 million", "yuan"),
    "万元": ("CNY 10,000", "yuan"),
    "元": ("CNY", "yuan"),
    "亿元人民币": ("CNY 100 million", "yuan"),
    "万亿元人民币": ("CNY trillion", "yuan"),
    "万亿美元": ("USD trillion", "dollar"),
    "亿美元": ("USD 100 million", "dollar"),
    "万美元": ("USD 10,000", "dollar"),
    "美元": ("USD", "dollar"),
    "亿千瓦时": ("100 million kWh", "energy"),
    "亿度": ("100 million kWh", "energy"),
    "万千瓦时": ("10,000 kWh", "energy"),
    "万亿千瓦时": ("trillion kWh", "energy"),
    "千瓦时": ("kWh", "energy"),
    "亿千瓦": ("100 million kW", "power"),
    "万千瓦": ("10,000 kW", "power"),
    "千瓦": ("kW", "power"),
    "吉瓦": ("GW", "power"),
    "亿吨": ("100 million t", "weight"),
    "万吨": ("10,000 t", "weight"),
    "吨": ("t", "weight"),
    "千克": ("kg", "weight"),
    "公斤": ("kg", "weight"),
    "亿立方米": ("100 million m3", "volume"),
    "万立方米": ("10,000 m3", "volume"),
    "立方米": ("m3", "volume"),
    "万千升": ("10,000 kL", "volume"),
    "亿平方米": ("100 million m2", "area"),
    "万平方米": ("10,000 m2", "area"),
    "平方米": ("m2", "area"),
    "亿米": ("100 million m", "length"),
    "万米": ("10,000 m", "length"),
    "万公里": ("10,000 km", "length"),
    "万芯千米": ("10,000 fibre km", "length"),
    "万重量箱": ("10,000 weight cases", "count"),
    "万重箱": ("10,000 weight cases", "count"),
    "亿块": ("100 million units", "count"),
    "万辆": ("10,000 units", "count"),
    "辆": ("units", "count"),
    "亿台": ("100 million units", "count"),
    "万台": ("10,000 units", "count"),
    "台": ("units", "count"),
    "万套": ("10,000 units", "count"),
    "台(套)": ("units", "count"),
    "套": ("units", "count"),
    "亿套": ("100 million units", "count"),
    "亿粒": ("100 million units", "count"),
    "万箱": ("10,000 cases", "count"),
    "亿只": ("100 million units", "count"),
    "万只": ("10,000 units", "count"),
    "亿件": ("100 million units", "count"),
    "万件": ("10,000 units", "count"),
    "万部": ("10,000 units", "count"),
    "万艘": ("10,000 units", "count"),
    "艘": ("units", "count"),
    "万条": ("10,000 units", "count"),
    "亿支": ("100 million units", "count"),
    "亿片": ("100 million units", "count"),
    "万标准箱": ("10,000 TEU", "count"),
    "标准箱": ("TEU", "count"),
    "亿人次": ("100 million visits", "people"),
    "万人次": ("10,000 visits", "people"),
    "人次": ("visits", "people"),
    "亿人": ("100 million persons", "people"),
    "万人": ("10,000 persons", "people"),
    "亿吨公里": ("100 million t km", "transport"),
    "万吨公里": ("10,000 t km", "transport"),
    "亿人公里": ("100 million person km", "transport"),
    "万人公里": ("10,000 person km", "transport"),
    "万头": ("10,000 head", "count"),
    "万千瓦安时": ("10,000 kWh", "energy"),
    "GWh": ("GWh", "energy"),
    "万kVA": ("10,000 kVA", "power"),
    "GW": ("GW", "power"),
}

# words that stand for several
JOINED: dict[str, tuple[str, ...]] = {
    "产销": ("产量", "销量"),
    "产销量": ("产量", "销量"),
    "一、二、三产业": ("第一产业", "第二产业", "第三产业"),
    "一二三产业": ("第一产业", "第二产业", "第三产业"),
    "第一、二、三产业": ("第一产业", "第二产业", "第三产业"),
    "第一、第二、第三产业": ("第一产业", "第二产业", "第三产业"),
    "三次产业": ("第一产业", "第二产业", "第三产业"),
    "二、三产业": ("第二产业", "第三产业"),
    "第二、三产业": ("第二产业", "第三产业"),
}

_LAST_YEAR = (
    "上年同期",
    "去年同期",
    "上年",
    "去年",
    "上年同月",
    "去年同月",
    "同期",
    "去年同期水平",
    "上年同期水平",
    "上一年",
    "上一年同期",
    "上年度",
)


def _compared() -> str:
    """Comparison with the year before in all its forms."""
    plain = [f"{word}{time}" for word in ("比", "较", "同比", "与", "跟") for time in _LAST_YEAR]
    longer = [
        f"{word}{time}{tail}"
        for word in ("与", "同", "和", "跟")
        for time in _LAST_YEAR
        for tail in ("相比", "比", "比较")
    ]
    return "|".join(["同比", "年同比", "较同期", *plain, *longer])


# (kind, value, words); a longer word wins over a shorter one, and these over the subject table
PHRASES: tuple[tuple[str, object, str], ...] = (
    ("comma", None, "，"),
    ("semicolon", None, "；|:"),
    ("and", None, "、|和|与|及|以及"),
    ("ignored", None, "\"|'|(|)|《|》|·"),
    ("compare", None, _compared()),
    (
        "other",
        None,
        "环比|比上月|较上月|比上个月|较上个月|比上季度|较上季度|较上半年|比上半年|较一季度|比一季度|较前三季度|比前三季度|比|较|相比|相较|对比|"
        "月环比|较年初|比年初|比上年末|较上年末|比上年底|较上年底|与上月相比|两年平均|三年平均|两年平均增长|四年平均|年均|年均增长|复合增长率|年平均|平均增速|平均增长",
    ),
    (
        "past",
        None,
        "上年同期|去年同期|去年|上年|上一年|前年|历史同期|去年全年|上年全年|上年同期为|去年同期为|上月|上个月|前值",
    ),
    (
        "verb",
        1,
        "增长|上升|上涨|提高|增加|增|涨|攀升|净增长|正增长|扩大|多增|增多|跃升|激增|大增|猛增|提升|升高|走高|递增|上扬",
    ),
    ("verb", -1, "下降|减少|下滑|降低|下跌|负增长|降|减|回落|缩减|少增|萎缩|减产|走低|跌|锐减"),
    (
        "speed",
        1,
        "增速|增幅|增长率|涨幅|同比增速|同比增幅|增长速度|增长幅度|同比增长率|同比涨幅|升幅|累计增速|累计增幅|上涨幅度",
    ),
    ("speed", -1, "降幅|跌幅|下降幅度|同比降幅|减幅"),
    (
        "list",
        1,
        "增长较快|增速较快|增长较快的有|增速居前|增幅较大|增速靠前|增长较好|增幅居前|增长快的有|增长迅速|增势突出|快速增长|较快增长|增幅较高|增速较高",
    ),
    ("list", -1, "降幅较大|下降较快|降幅居前|下降较多|下降较大"),
    ("unit", "%", "(%)"),
    *(("unit", unit, f"({unit})") for unit in UNITS),
    ("except", None, "扣除|剔除|不含|不包括|不考虑|除去|不计"),
    (
        "turn",
        None,
        "由降转增|由负转正|由增转降|由正转负|降转增|增转降|扭负为正|转降为升|由升转降|由降转升|实现正增长|止跌回升|转正|转负|由跌转涨|由涨转跌|扭亏为盈",
    ),
    ("move", None, "加快|放缓|收窄|回升|减缓|趋缓|下行|提速|减弱|扩大了|回升了|加快了|收窄了"),
    (
        "to",
        None,
        "至|到|回落至|回落到|提高到|提升至|提升到|加快至|加快到|收窄至|收窄到|扩大至|扩大到|回升至|回升到|放缓至|升至|降至|增至|增加到|增加至|减少到|减少至|下降到|下降至|增长到|增长至",
    ),
    ("flat", None, "持平|同比持平|零增长"),
    (
        "nearly_flat",
        None,
        "基本持平|大体持平|大致持平|大体相当|基本相当|略有增长|略增|略降|略有下降|微增|微降|总体持平",
    ),
    (
        "real",
        None,
        "实际|扣除价格因素|扣除价格因素后|剔除价格因素后|扣除价格因素影响|剔除价格因素|扣除物价因素|实际同比",
    ),
    (
        "vague",
        None,
        "约|近|超|超过|超出|突破|逾|接近|不到|不足|左右|以上|以下|以内|多|余|上下|将近|大约|至少|最高|最低|最多|达到了近|高达近|均超过|均超|几乎|强",
    ),
    ("suffix", None, "企业|行业|产业|产品|单位|大类"),
    ("end", None, "月末|月底"),
    ("same", None, "同期|同月"),
    ("cumulative", None, "累计|1-本月|累计达|累计完成|累计实现"),
    ("current", None, "当月|本月|单月|当月完成|当月实现"),
    ("respectively", None, "分别|依次|各自|分别为|分别达|分别达到|分别是|分别实现|分别完成"),
    ("each", None, "均|都|双双|皆|同为|同步"),
    ("child", None, "其中|当中|这其中|包括"),
    ("usd", None, "以美元计价|以美元计|按美元计价|按美元计|美元计价|按美元计算|以美元计算|折合美元"),
    ("cny", None, "以人民币计价|以人民币计|按人民币计价|按人民币计|人民币计价|以人民币计算|按人民币计算"),
    (
        "noun",
        None,
        "完成率|增长面|产销率|利用率|利润率|负债率|资产负债率|增加值率|覆盖率|合格率|渗透率|失业率|库存率|销售率|投产率|达产率|开工率|新增|净增|净增加|达标率|指数为|月均|日均|"
        "人均|每百元|周转天数|回收期|弹性系数|增量|自给率|转化率|净出口|顺差|逆差|出生率|城镇化率|缺口|价格指数|价格|均价|报价|存量|新增装机|新签|注册|完成年度|项目|总投资|签约|成交价|景气",
    ),
    (
        "decoy",
        None,
        "占|比重|占比|贡献率|贡献|拉动|带动|位列|位居|排名|居|列|连续|市场份额|完成年|完成全年|完成预算|年初预算|预算|同期水平|比例|份额|环比增长|首位|贡献度|进度|完成计划|"
        "完成目标|计划的|因素|基数|幅度",
    ),
    (
        "against",
        None,
        "高于|低于|快于|慢于|好于|领先|落后|高出|低出|高过|跑赢|优于|强于|超全国|超全区|超全省|超全市|高全国|高全区|高于全国|高于全区",
    ),
    (
        "forecast",
        None,
        "预计|力争|目标是|目标为|预期目标|预期|预测|有望|将达|将达到|将增长|将实现|预算安排|预判|估计|展望|明年|到2030年|到2035年|可达|假设|假如|预估|将突破|将超过|将有|将会|"
        "将保持",
    ),
    ("target", None, "目标|任务|计划|规划|要求|确保|争取|若|如果|拟|设计|安排"),
)
