package search

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func words(list ...string) *blocklist {
	b := &blocklist{words: newMatcher()}
	for _, w := range list {
		b.words.add(fold(w))
	}
	return b
}

func TestWordsAreFoundWhereTheyAreWords(t *testing.T) {
	for _, tt := range []struct {
		word, text string
		want       bool
	}{
		{"gun", "toy gun", true},
		{"gun", "Toy GUN!", true},
		{"gun", "begun", false},
		{"gun", "guns", false},
		{"gun", "gun_case", true},
		{"gun", "玩具gun枪", true},  // other scripts do not join
		{"gun", "ＧＵＮ set", true}, // full width
		{"GUN", "gun", true},
		{"gun", "g\u200bun", true}, // invisible characters do not hide it
		{"gun", "g\u00adun", true}, //
		{"air soft", "air \t  soft rifle", true},
		{"air soft", "air softer", false},
		{"3m", "13m cable", false},
		{"3m", "3M tape", true},
		{"нож", "охотничий НОЖ", true},
		{"нож", "ножницы", false},
		{"straße", "STRASSE 5", true},
		{"thuốc lá", "vỏ thuốc lá", true},
		{"thuốc lá", "thuo\u0302\u0301c la\u0301", true}, // decomposed accents
		{"rượu", "rượuvang", false},
		{"枪", "玩具枪套装", true},
		{"電子たばこ", "新型電子たばこセット", true},
		{"ﾅｲﾌ", "折りたたみナイフ", true}, // half-width kana
		{"スーパー", "スーパーマーケット", true},
		{"담배", "전자담배를", true},
		{"ปืน", "ซองปืนหนัง", true}, // Thai has no blanks
		{"บุหรี่", "บุหรี่ไฟฟ้า", true},
		{"nike运动", "Nike运动鞋", true},
		{"nike运动", "xnike运动鞋", false},
		{"gun", "", false},
		{"gun", "\xff\xfegun", true},
	} {
		assert.Equal(t, tt.want, words(tt.word).text(tt.text), "%s in %s", tt.word, tt.text)
	}
	assert.False(t, (*blocklist)(nil).text("gun"))
	assert.True(t, words("gun", "刀").text("nothing", "水果刀"), "any of several texts")
	assert.True(t, words("air", "air soft gun").text("air soft"), "a word that begins another")
	assert.True(t, words("airs", "air soft gun", "air").text("hot air"))
}

// Thousands of words cost no more than a few, and hostile ones no more than their length.
func TestManyWordsAreFast(t *testing.T) {
	var list []string
	for i := range 5000 {
		list = append(list, fmt.Sprintf("word%d 禁%d", i, i))
	}
	b := words(append(list, strings.Repeat("a", 100), strings.Repeat("刀", 100))...)
	title := strings.Repeat("新款时尚女士手提包 leather bag ", 6)
	start := time.Now()
	for range 1000 {
		assert.False(t, b.text(title))
	}
	t.Log(time.Since(start)) // some 20 µs each on a quiet machine
	start = time.Now()
	assert.False(t, b.text(strings.Repeat("刀", 99)+strings.Repeat("刃"+strings.Repeat("刀", 99), 400)))
	t.Log(time.Since(start))
}

func BenchmarkBlockedText(b *testing.B) {
	list := words("枪", "gun", "刀")
	b.ReportAllocs()
	for b.Loop() {
		list.text("新款时尚女士手提包 leather bag")
	}
}
