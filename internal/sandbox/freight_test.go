package sandbox

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestFindProvince(t *testing.T) {
	for text, want := range map[string]string{
		"330000": "330000", "330108": "330000", "浙江": "330000", " 浙江省": "330000", "广西壮族自治区": "450000", "内蒙古自治区": "150000", "新疆维吾尔自治区": "650000",
		"香港特别行政区": "810000", "澳门": "820000", "台湾省": "710000", "黑龙江省": "230000", "北京市": "110000",
		"": "", "99": "", "33": "", "990000": "", "3301080": "", "东京": "", "省": "",
	} {
		assert.Equal(t, want, provinceCode(text), text)
	}
	assert.Len(t, provinces, 34)
}

func TestFreightByZone(t *testing.T) {
	s := seller{idx: 3, province: "浙江", firstFee: 600, nextFee: 100}
	for name, c := range map[string]struct {
		to   string
		zone zone
		fee  int64 // of 2.5 kg: first kilogram and two more
	}{
		"own province":    {"330108", zoneNear, 600 + 2*200},
		"neighbour":       {"上海市", zoneNear, 1000},
		"far":             {"440000", zoneFar, 1500},
		"unknown":         {"Atlantis", zoneFar, 1500},
		"remote":          {"新疆维吾尔自治区", zoneRemote, 2500},
		"remote in north": {"150100", zoneRemote, 2500},
		"Hong Kong":       {"香港", zoneBorder, 5000},
	} {
		q := s.freight(c.to, 2500, 3, 5000)
		assert.Equal(t, c.zone, q.zone, name)
		assert.Equal(t, c.fee, q.fee, name)
		assert.False(t, q.free, name)
	}
	s.province = "新疆"
	assert.Equal(t, zoneNear, s.zoneTo("650100"), "a remote seller is near to himself")
	assert.Equal(t, zoneRemote, s.zoneTo("西藏"), "but not to the next remote province")
}

func TestFreightByPiecesAndFree(t *testing.T) {
	s := seller{idx: 1, province: "广东", firstFee: 500, nextFee: 100, freeOver: 20_000}
	assert.EqualValues(t, 500+3*100, s.freight("广东", 90_000, 4, 19_999).fee, "weight does not matter")
	q := s.freight("广东", 100, 4, 20_000)
	assert.True(t, q.free)
	assert.Zero(t, q.fee)
	assert.False(t, s.freight("西藏", 100, 4, 20_000).free, "remote is never free")
	pays := seller{idx: 6, province: "广东", firstFee: 500}
	assert.True(t, pays.freight("江苏", 100, 1, 1).free)
	assert.EqualValues(t, 2500, pays.freight("澳门", 100, 1, 1).fee)
}

// More goods never cost less to send, unless they become free; nothing overflows.
func TestFreightGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newCatalogue(rapid.Int64().Draw(t, "seed"), 0).seller(rapid.IntRange(0, 40_000).Draw(t, "seller"))
		to := provinces[rapid.IntRange(0, len(provinces)-1).Draw(t, "to")].code
		grams, pieces := rapid.Int64Range(0, 1e12).Draw(t, "grams"), rapid.Int64Range(0, 1e8).Draw(t, "pieces")
		a, b := s.freight(to, grams, pieces, 0), s.freight(to, grams+rapid.Int64Range(0, 1e9).Draw(t, "more"), pieces+rapid.Int64Range(0, 1e6).Draw(t, "more pieces"), 0)
		assert.GreaterOrEqual(t, a.fee, int64(0))
		assert.GreaterOrEqual(t, b.fee, a.fee)
		assert.Equal(t, a.free, a.fee == 0)
	})
}
