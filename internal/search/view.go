package search

import (
	"strconv"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/money"
	"entrepot/internal/site"
)

// viewer turns what 1688 answers into what one site's shoppers see.
type viewer struct {
	lang   string
	quoter money.Quoter
	blocks *blocklist
	now    time.Time     // when 1688 answered
	memory *translations // nil remembers nothing
	watch  *priceWatch   // nil watches nothing
	homes  *homes        // where offers stand whose list does not say
	unread func(int)     // counts prices that could not be read; may be nil
}

// viewer is made after 1688 has answered.
func (s *Service) viewer(st *site.Site, lang string) (viewer, error) {
	q, err := s.quoter(st)
	return viewer{
		lang: lang, quoter: q, blocks: s.blocks(st), now: s.now().UTC().Truncate(time.Millisecond), memory: s.words, watch: s.watch, homes: s.homes,
		unread: func(n int) { s.unread.Add(int64(n)) },
	}, err
}

// counted adds up the prices that could not be read.
func (v viewer) counted(p *prices) {
	if p.bad > 0 && v.unread != nil {
		v.unread(p.bad)
	}
}

// count is a number that may be absent.
func count(n *alibaba.Int) *int {
	if n == nil {
		return nil
	}
	return ptr(int(*n))
}

func number64(n int64) string { return strconv.FormatInt(n, 10) }

func ptr[T any](v T) *T { return &v }
