package sandbox

import (
	"strings"
)

// zone is how far a parcel goes, as carriers inside China price it.
type zone int

const (
	zoneNear   zone = iota // the seller's own region
	zoneFar                // elsewhere on the mainland
	zoneRemote             // the west and north, dearer everywhere
	zoneBorder             // Hong Kong, Macao, Taiwan: never free
)

// provinces lists the province-level divisions: six-digit code, region (neighbours), short name. The codes are the public ones (GB/T 2260).
const provinceTable = `
110000 north 北京
120000 north 天津
130000 north 河北
140000 north 山西
150000 remote 内蒙古
210000 northeast 辽宁
220000 northeast 吉林
230000 northeast 黑龙江
310000 east 上海
320000 east 江苏
330000 east 浙江
340000 east 安徽
350000 south 福建
360000 centre 江西
370000 north 山东
410000 centre 河南
420000 centre 湖北
430000 centre 湖南
440000 south 广东
450000 south 广西
460000 south 海南
500000 southwest 重庆
510000 southwest 四川
520000 southwest 贵州
530000 southwest 云南
540000 remote 西藏
610000 northwest 陕西
620000 remote 甘肃
630000 remote 青海
640000 remote 宁夏
650000 remote 新疆
710000 border 台湾
810000 border 香港
820000 border 澳门
`

type province struct{ code, region, name string }

var provinces = func() []province {
	var out []province
	for line := range strings.SplitSeq(strings.TrimSpace(provinceTable), "\n") {
		f := strings.Fields(line)
		out = append(out, province{f[0], f[1], f[2]})
	}
	return out
}()

// findProvince reads an area code of any level (330108) or a province's name, short or in full (浙江, 浙江省, 广西壮族自治区).
func findProvince(codeOrName string) (province, bool) {
	text := strings.TrimSpace(codeOrName)
	if len(text) >= 2 && text[0] >= '0' && text[0] <= '9' {
		for _, p := range provinces {
			if len(text) == 6 && text[:2] == p.code[:2] {
				return p, true
			}
		}
		return province{}, false
	}
	for _, p := range provinces {
		if text != "" && strings.HasPrefix(text, p.name) {
			return p, true
		}
	}
	return province{}, false
}

// provinceCode is the six-digit code of a province given by code or name, "" when it is unknown.
func provinceCode(codeOrName string) string {
	p, _ := findProvince(codeOrName)
	return p.code
}

// zoneTo tells the zone of a destination. An unknown one counts as far: preview must price what it is given.
func (s seller) zoneTo(destination string) zone {
	to, ok := findProvince(destination)
	from, _ := findProvince(s.province)
	switch {
	case !ok:
		return zoneFar
	case to.region == "border":
		return zoneBorder
	case to.code == from.code || to.region == from.region && to.region != "remote":
		return zoneNear
	case to.region == "remote":
		return zoneRemote
	}
	return zoneFar
}

// freightQuote is a seller's tariff for one destination and what it makes of a parcel. Fees are fen.
type freightQuote struct {
	zone                zone
	byPieces            bool  // else by weight
	firstUnit, nextUnit int64 // pieces or grams
	firstFee, nextFee   int64
	fee                 int64 // 0 when free
	free                bool  // the goods are worth enough, or the seller always pays
	sellerPays          bool  // a shop that never charges freight on the mainland, remote provinces aside
	template            int64
}

// Percent of the seller's fees by zone.
var zonePercent = [...]int64{zoneNear: 100, zoneFar: 150, zoneRemote: 250, zoneBorder: 500}

// freight prices a parcel to a province, given by code (of any level) or name.
func (s seller) freight(provinceCode string, grams int64, pieces int64, goodsFen int64) freightQuote {
	q := freightQuote{zone: s.zoneTo(provinceCode), byPieces: s.idx%3 == 1, template: 10_000_000 + int64(s.idx)*13, sellerPays: s.idx%8 == 6}
	q.firstUnit, q.nextUnit = 1000, 1000
	amount := max(grams, 1)
	if q.byPieces {
		q.firstUnit, q.nextUnit, amount = 1, 1, max(pieces, 1)
	}
	percent := zonePercent[q.zone]
	q.firstFee = s.firstFee * percent / 100
	q.nextFee = max(s.nextFee, 50) * percent / 100
	if !q.byPieces {
		q.nextFee *= 2 // a kilogram costs more than one more piece in the same bag
	}
	q.free = q.zone < zoneRemote && (q.sellerPays || s.freeOver > 0 && goodsFen >= s.freeOver)
	if !q.free {
		more := (max(amount-q.firstUnit, 0) + q.nextUnit - 1) / q.nextUnit
		q.fee = q.firstFee + more*q.nextFee
	}
	return q
}
