package money

import (
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// Dated is a rate somebody set while the program runs.
type Dated struct {
	Rate  Rate
	Until time.Time // not in force from here on; zero = for good
}

// Book knows which rate is in force now: of each currency the newest dated one that is still valid, else the configured
// one. It is safe for concurrent use.
type Book struct {
	configured Rates
	now        func() time.Time
	dated      atomic.Pointer[map[string][]entry]
}

// entry is a dated rate with its name in Version.
type entry struct {
	Dated
	tag string
}

// NewBook makes a book with the configured rates alone; now nil is the real clock.
func NewBook(configured Rates, now func() time.Time) *Book {
	if now == nil {
		now = time.Now
	}
	b := &Book{configured: configured, now: now}
	b.Replace(nil)
	return b
}

// Replace sets the dated rates, newest first for each currency. Rates that do not compute (see Rate.Convert) are left out.
func (b *Book) Replace(newestFirst []Dated) {
	dated := map[string][]entry{}
	for _, d := range newestFirst {
		if d.Rate.check() != nil {
			continue
		}
		tag := strconv.FormatInt(d.Rate.AsOf.UnixMilli(), 36) + "@" + d.Rate.Text()
		dated[d.Rate.Quote] = append(dated[d.Rate.Quote], entry{d, tag})
	}
	b.dated.Store(&dated)
}

// Rate is the rate in force for a quote currency, or ErrNoRate. CNY is always there, at 1.
func (b *Book) Rate(quote string) (Rate, error) {
	if e := b.find(quote); e != nil {
		return e.Rate, nil
	}
	return b.configured.Rate(quote)
}

// Version names the rate in force: it differs whenever prices made with it would. It is the same in every process.
func (b *Book) Version(quote string) string {
	if e := b.find(quote); e != nil {
		return e.tag
	}
	return b.configured.tags[quote]
}

// Configured is the rates that hold where no dated one does, ordered by currency.
func (b *Book) Configured() []Rate { return b.configured.List() }

// find is the dated rate in force, nil when there is none. The clock is only asked for rates that end.
func (b *Book) find(quote string) *entry {
	list := (*b.dated.Load())[quote]
	i := slices.IndexFunc(list, func(e entry) bool { return e.Until.IsZero() || b.now().Before(e.Until) })
	if i < 0 {
		return nil
	}
	return &list[i]
}
