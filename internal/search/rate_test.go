package search

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/auth"
	"entrepot/internal/money"
)

func (d *desk) setRate(key, body string) reply {
	d.t.Helper()
	return d.as(auth.Finance, "POST", "/admin/v1/exchange-rates", body, "Idempotency-Key", key)
}

// priceOf is what search shows for the first product.
func (d *desk) firstPrice() money.Price {
	d.t.Helper()
	var page SearchPage
	d.shop("/v1/search?keyword=%E3%83%90%E3%83%83%E3%82%B0").is(d.t, 200).into(d.t, &page)
	require.NotEmpty(d.t, page.Items)
	return page.Items[0].Price
}

func TestARateIsInForceAtOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		other := d.process()
		watched(t, other)
		before := d.firstPrice()
		assert.Equal(t, "21.50", before.FX.Rate)

		var made ExchangeRate
		d.setRate("k1", `{"currency":"JPY","rate":"43.00","reason":"the market moved"}`).is(t, 201).into(t, &made)
		assert.True(t, made.InForce)
		assert.Equal(t, "finance", *made.CreatedBy)
		after := d.firstPrice()
		assert.Equal(t, "43.00", after.FX.Rate, "no answer made with the older rate")
		assert.Equal(t, "staff", after.FX.Source)
		want, err := money.NewPrice(money.Fen(before.Original.Amount), d.site.Currency, must(money.NewRate("JPY", "43.00", made.AsOf, "staff")), "ja")
		require.NoError(t, err)
		assert.Equal(t, want.Local, after.Local)
		require.Eventually(t, func() bool {
			r, err := other.rates.Rate("JPY")
			return err == nil && r.Text() == "43.00"
		}, soon, often, "the other process")
		assert.Equal(t, d.version(d.site), other.version(d.site), "answers in a shared cache have one name")

		// What was quoted before prints the same to the digit.
		old := money.Quoter{Rate: must(money.NewRate("JPY", "21.50", d.clock.now(), "built-in")), Currency: d.site.Currency, Locale: "ja"}
		assert.Equal(t, before.Local, old.Stored(money.Fen(before.Original.Amount), before.Local.Amount).Local)

		audit := d.audit()
		require.Len(t, audit, 1)
		assert.Equal(t, "rate.set", audit[0].Action)
		assert.Equal(t, "the market moved", audit[0].Reason)
		assert.Contains(t, audit[0].BeforeJSON, "21.50")
		assert.Contains(t, audit[0].AfterJSON, "43.00")
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestARateEnds(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		until := func(after time.Duration) string {
			return `,"validUntil":"` + d.clock.now().Add(after).Format(time.RFC3339) + `"`
		}
		d.setRate("a", `{"currency":"JPY","rate":"22","reason":"r"`+until(2*time.Hour)+`}`).is(t, 201)
		d.clock.advance(time.Second)
		d.setRate("b", `{"currency":"JPY","rate":"23","reason":"r"`+until(time.Hour)+`}`).is(t, 201)
		assert.Equal(t, "23", d.firstPrice().FX.Rate)
		d.clock.advance(time.Hour)
		assert.Equal(t, "22", d.firstPrice().FX.Rate, "the earlier one that is still valid, though the answer was cached")
		restarted := d.process()
		r, err := restarted.rates.Rate("JPY")
		require.NoError(t, err)
		assert.Equal(t, "22", r.Text(), "a process that starts now")
		d.clock.advance(time.Hour)
		assert.Equal(t, "21.50", d.firstPrice().FX.Rate, "the configured one")

		var list RateList
		d.as(auth.Support, "GET", "/admin/v1/exchange-rates?currency=JPY", "").is(t, 200).into(t, &list)
		require.Len(t, list.Items, 3)
		assert.Equal(t, []string{"23", "22", "21.50"}, []string{list.Items[0].Rate, list.Items[1].Rate, list.Items[2].Rate})
		assert.Equal(t, []bool{false, false, true}, []bool{list.Items[0].InForce, list.Items[1].InForce, list.Items[2].InForce})
	})
}

// Without any rate a price is not guessed: 503 with a code, and it is good again once staff give one.
func TestWithoutARateNothingIsPriced(t *testing.T) {
	d := newDesk(t)
	d.rates = money.NewBook(money.Rates{}, d.clock.now)
	r := d.shop("/v1/search?keyword=%E3%83%90%E3%83%83%E3%82%B0").is(t, http.StatusServiceUnavailable, "RATE_MISSING")
	assert.NotEmpty(t, r.header.Get("Retry-After"))
	d.setRate("first", `{"currency":"JPY","rate":"0.0001","reason":"any figure goes where there is none"}`).is(t, 201)
	assert.Equal(t, "0.0001", d.firstPrice().FX.Rate)
}

func TestRatesThatAreNone(t *testing.T) {
	d := newDesk(t)
	nines := strings.Repeat("9", 400)
	for _, tt := range []struct {
		body   string
		status int
		want   []string
	}{
		{`{"currency":"JPY","rate":"0","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":"0.000","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":"-1","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":"1e3","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":"NaN","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":"２１","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":"` + nines + `","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":"1234567890123","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":"0.1234567890123456789","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"JPY","rate":21.5,"reason":"r"}`, 400, []string{"REQUEST_INVALID", "/rate"}},
		{`{"currency":"XYZ","rate":"1","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/currency"}},
		{`{"currency":"CNY","rate":"1","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/currency"}},
		{`{"currency":"jpy","rate":"1","reason":"r"}`, 400, []string{"REQUEST_INVALID", "/currency"}},
		{`{"currency":"JPY","rate":"21","reason":"  "}`, 400, []string{"REQUEST_INVALID", "/reason"}},
		{`{"currency":"JPY","rate":"21"}`, 400, []string{"REQUEST_INVALID", "/reason"}},
		{`{"currency":"JPY","rate":"21","reason":"r","validUntil":"2020-01-01T00:00:00Z"}`, 400, []string{"REQUEST_INVALID", "/validUntil"}},
		{`{"currency":"JPY","rate":"21","reason":"r","validUntil":"9999-12-31T23:59:59-12:00"}`, 400, []string{"REQUEST_INVALID", "/validUntil"}},
		{`{"currency":"JPY","rate":"21","reason":"r","validUntil":"soon"}`, 400, []string{"REQUEST_INVALID", "/validUntil"}},
		{`{"currency":"JPY","rate":"21","reason":"r","source":"me"}`, 400, []string{"REQUEST_INVALID", "/source"}},
		{`{"currency":"JPY","rate":"215.01","reason":"a slipped point"}`, 422, []string{"RATE_JUMP", "/rate"}},
		{`{"currency":"JPY","rate":"2.1499","reason":"a slipped point"}`, 422, []string{"RATE_JUMP", "/rate"}},
	} {
		t.Run(tt.body[:min(60, len(tt.body))], func(t *testing.T) {
			d.setRate("hostile", tt.body).is(t, tt.status, tt.want...)
		})
	}
	d.as(auth.Finance, "POST", "/admin/v1/exchange-rates", `{"currency":"JPY","rate":"21","reason":"r"}`).is(t, 400, "IDEMPOTENCY_KEY_REQUIRED")
	assert.Zero(t, d.count("exchange_rates"))
	assert.Empty(t, d.audit())
	assert.Equal(t, "21.50", d.firstPrice().FX.Rate)
	d.setRate("ten", `{"currency":"JPY","rate":"215","reason":"ten times is the limit"}`).is(t, 201)
}

func TestOneKeyOneRate(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		const body = `{"currency":"KRW","rate":"200","reason":"r"}`
		var wg sync.WaitGroup
		answers := make([]reply, 20)
		for i := range answers {
			wg.Go(func() { answers[i] = d.setRate("same", body) })
		}
		wg.Wait()
		for _, a := range answers {
			a.is(t, 201)
			assert.Equal(t, string(answers[0].body), string(a.body))
		}
		assert.EqualValues(t, 1, d.count("exchange_rates"))
		assert.Len(t, d.audit(), 1)
		d.setRate("same", `{"currency":"KRW","rate":"201","reason":"r"}`).is(t, 422, "IDEMPOTENCY_KEY_REUSED")
	})
}

func TestRatesArePaged(t *testing.T) {
	d := newDesk(t)
	for i := range 5 {
		d.setRate(fmt.Sprint("k", i), fmt.Sprintf(`{"currency":"VND","rate":"35%d0","reason":"r"}`, i)).is(t, 201)
	}
	for _, limit := range []int{1, 2, 3, 5, 7, 100} {
		var rates []string
		seen := map[string]bool{}
		for path, pages := fmt.Sprintf("/admin/v1/exchange-rates?limit=%d", limit), 0; path != ""; pages++ {
			require.Less(t, pages, 30)
			var page RateList
			d.as(auth.Auditor, "GET", path, "").is(t, 200).into(t, &page)
			assert.LessOrEqual(t, len(page.Items), limit)
			for _, r := range page.Items {
				assert.False(t, seen[r.Id], "%s twice", r.Id)
				seen[r.Id] = true
				rates = append(rates, r.Currency+r.Rate)
			}
			path = ""
			if page.NextCursor != nil {
				path = fmt.Sprintf("/admin/v1/exchange-rates?limit=%d&cursor=%s", limit, *page.NextCursor)
			}
		}
		assert.Equal(t, []string{"VND3540", "VND3530", "VND3520", "VND3510", "VND3500", "EUR0.128"}, rates[:6], "limit %d", limit)
		assert.Len(t, rates, 5+13, "limit %d: staff's and the configured ones without CNY", limit)
	}
	d.as(auth.Auditor, "GET", "/admin/v1/exchange-rates?cursor=nonsense", "").is(t, 400, "CURSOR_INVALID", "/query/cursor")
	d.as(auth.Auditor, "GET", "/admin/v1/exchange-rates?currency=yen", "").is(t, 400, "REQUEST_INVALID", "/query/currency")
}

func TestWhoMaySetRates(t *testing.T) {
	d := newDesk(t)
	for _, role := range auth.Roles {
		want := 403
		if role == auth.Finance || role == auth.Admin {
			want = 201
		}
		d.as(role, "POST", "/admin/v1/exchange-rates", `{"currency":"JPY","rate":"22","reason":"r"}`, "Idempotency-Key", string(role)).is(t, want)
		d.as(role, "GET", "/admin/v1/exchange-rates", "").is(t, 200)
	}
	d.call("GET", "/admin/v1/exchange-rates", "").is(t, 401, "AUTH_REQUIRED")
}
