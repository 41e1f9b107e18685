package sandbox

import "strings"

// divisionTable lists the divisions the address parser knows: code, name. A code ending in 0000 is a province, in 00 a city, else a district.
// The codes are the public ones (GB/T 2260): every province, its capital, and the cities goods are shipped from or to most.
const divisionTable = `
110000 北京市|110100 北京市|110101 东城区|110105 朝阳区|110108 海淀区|110112 通州区
120000 天津市|120100 天津市|120101 和平区|120116 滨海新区
130000 河北省|130100 石家庄市|130102 长安区|130600 保定市
140000 山西省|140100 太原市|140105 小店区
150000 内蒙古自治区|150100 呼和浩特市|150102 新城区
210000 辽宁省|210100 沈阳市|210102 和平区|210200 大连市
220000 吉林省|220100 长春市|220102 南关区
230000 黑龙江省|230100 哈尔滨市|230103 南岗区
310000 上海市|310100 上海市|310101 黄浦区|310104 徐汇区|310107 普陀区|310112 闵行区|310115 浦东新区
320000 江苏省|320100 南京市|320102 玄武区|320106 鼓楼区|320500 苏州市|320505 虎丘区|320583 昆山市|320200 无锡市
330000 浙江省|330100 杭州市|330106 西湖区|330108 滨江区|330109 萧山区|330110 余杭区|330200 宁波市|330206 北仑区|330300 温州市|330700 金华市|330782 义乌市
340000 安徽省|340100 合肥市|340104 蜀山区
350000 福建省|350100 福州市|350102 鼓楼区|350200 厦门市|350206 湖里区|350500 泉州市|350582 晋江市
360000 江西省|360100 南昌市|360102 东湖区
370000 山东省|370100 济南市|370102 历下区|370200 青岛市|370202 市南区|371300 临沂市
410000 河南省|410100 郑州市|410102 中原区
420000 湖北省|420100 武汉市|420106 武昌区
430000 湖南省|430100 长沙市|430102 芙蓉区
440000 广东省|440100 广州市|440106 天河区|440111 白云区|440300 深圳市|440304 福田区|440305 南山区|440306 宝安区|440500 汕头市|440600 佛山市|440605 南海区|441900 东莞市
450000 广西壮族自治区|450100 南宁市|450103 青秀区
460000 海南省|460100 海口市|460106 龙华区
500000 重庆市|500100 重庆市|500103 渝中区
510000 四川省|510100 成都市|510104 锦江区
520000 贵州省|520100 贵阳市|520102 南明区
530000 云南省|530100 昆明市|530102 五华区
540000 西藏自治区|540100 拉萨市|540102 城关区
610000 陕西省|610100 西安市|610113 雁塔区
620000 甘肃省|620100 兰州市|620102 城关区
630000 青海省|630100 西宁市|630102 城东区
640000 宁夏回族自治区|640100 银川市|640104 兴庆区
650000 新疆维吾尔自治区|650100 乌鲁木齐市|650102 天山区
710000 台湾省
810000 香港特别行政区
820000 澳门特别行政区
`

type division struct{ code, name, short string }

var divisions = func() []division {
	var out []division
	for _, f := range strings.FieldsFunc(divisionTable, func(r rune) bool { return r == '|' || r == '\n' }) {
		code, name, _ := strings.Cut(f, " ")
		out = append(out, division{code, name, shortName(name)})
	}
	return out
}()

var divisionNames = func() map[string]string {
	out := map[string]string{}
	for _, d := range divisions {
		out[d.code] = d.name
	}
	return out
}()

// locality is an administrative address: names, and the code of the deepest level that is known.
type locality struct{ province, city, area, code string }

// text is how the platform writes it: 浙江省 杭州市 滨江区.
func (p locality) text() string {
	return strings.Join(strings.Fields(p.province+" "+p.city+" "+p.area), " ")
}

func knownArea(code string) bool {
	return len(code) == 6 && strings.Trim(code, "0123456789") == "" && divisionNames[code[:2]+"0000"] != ""
}

// placeOf reads a six-digit code. A district the table does not know keeps its code, and the names above it.
func placeOf(code string) (locality, bool) {
	if !knownArea(code) {
		return locality{}, false
	}
	p := locality{province: divisionNames[code[:2]+"0000"], code: code}
	if code[2:4] != "00" {
		p.city = divisionNames[code[:4]+"00"]
	}
	if code[4:] != "00" {
		p.area = divisionNames[code]
	}
	return p, true
}

// shortName is a division's name as people write it, without the word for its kind.
func shortName(name string) string {
	for _, kind := range []string{"特别行政区", "壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "新区", "省", "市", "区"} {
		if s := strings.TrimSuffix(name, kind); s != name && len([]rune(s)) > 1 {
			return s
		}
	}
	return name
}

// cut takes the division's name off the front of an address.
func (d division) cut(text string) (string, bool) {
	if rest, ok := strings.CutPrefix(text, d.name); ok {
		return rest, true
	}
	return strings.CutPrefix(text, d.short)
}

// parsePlace reads an address in Chinese: province, city, district, and the rest. Levels may be missing or be the code; the levels above a
// known one are filled in.
func parsePlace(text string) (locality, string) {
	var p locality
	level := func(fits func(code string) bool) {
		text = strings.TrimLeft(text, " ,，、\t\n")
		for _, d := range divisions {
			if !fits(d.code) {
				continue
			}
			if rest, ok := d.cut(text); ok {
				p.code, text = d.code, rest
				return
			}
		}
	}
	level(func(c string) bool { return c[2:] == "0000" })
	level(func(c string) bool {
		return c[4:] == "00" && c[2:4] != "00" && (p.code == "" || c[:2] == p.code[:2])
	})
	level(func(c string) bool {
		return c[4:] != "00" && (p.code == "" || p.code[2:4] == "00" && c[:2] == p.code[:2] || c[:4] == p.code[:4])
	})
	if p.code != "" {
		p, _ = placeOf(p.code)
	}
	return p, strings.TrimLeft(text, " ,，、\t\n")
}
