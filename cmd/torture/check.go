package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// adminOrder is an order as staff see it.
type adminOrder struct {
	Order struct {
		ID, Status string
		PaidAt     *time.Time
		Lines      []struct {
			ID, OfferID, SkuID string
			Quantity           int64
		}
		Totals struct {
			Total struct{ Local, Original money }
		}
	}
	Attention string
	Purchases []struct {
		ID, OutOrderID, AlibabaOrderID, State, LastError string
		Total                                            money
		Lines                                            []struct {
			LineID, SubItemID string
			Quantity          int64
		}
	}
}

type ledger struct {
	Complete bool
	Verdict  string
	Items    []struct{ Kind, ObjectKey, State string }
}

// boxOrder is an order as the simulated 1688 has it.
type boxOrder struct {
	ID     string `json:"orderId"`
	Out    string `json:"outOrderId"`
	Status string `json:"status"`
	Total  int64  `json:"totalFen"`
	Paid   int64  `json:"paidFen"`
	Lines  []boxLine
}

type boxLine struct {
	ID       string `json:"subItemId"`
	Offer    string `json:"offerId"`
	SKU      string `json:"skuId"`
	Quantity int64  `json:"quantity"`
}

// staff asks an admin endpoint, signing in again when the token is old.
func (w *world) staff(ctx context.Context, path string, into any) error {
	w.mu.Lock()
	token, from := w.staffToken, w.staffTokenFrom
	w.mu.Unlock()
	if time.Since(from) > 5*time.Minute {
		text, _ := json.Marshal(map[string]any{"loginName": staffName, "password": w.password})
		status, answer, err := w.send(ctx, http.MethodPost, w.url+"/admin/v1/sessions", nil, text)
		var t struct{ AccessToken string }
		if err != nil || status != http.StatusCreated || json.Unmarshal(answer, &t) != nil {
			return errors.Join(err, fmt.Errorf("staff sign-in: %d %s", status, answer))
		}
		token = t.AccessToken
		w.mu.Lock()
		w.staffToken, w.staffTokenFrom = token, time.Now()
		w.mu.Unlock()
	}
	status, answer, err := w.send(ctx, http.MethodGet, w.url+path, map[string]string{"Authorization": "Bearer " + token, "Accept-Language": "en"}, nil)
	if err != nil || status != http.StatusOK {
		return errors.Join(err, fmt.Errorf("%s: %d %s", path, status, answer))
	}
	return json.Unmarshal(answer, into)
}

// settle waits until every order is bought and paid at 1688 and 1688 has acknowledged all there is to know.
func (w *world) settle(ctx context.Context, orders []*placed, limit time.Duration) error {
	open := orders
	var why string
	for until := time.Now().Add(limit); len(open) > 0; {
		var mu sync.Mutex
		var left []*placed
		each(open, func(p *placed) {
			if reason := w.unsettled(ctx, p); reason != "" {
				mu.Lock()
				left, why = append(left, p), "order "+p.id+": "+reason
				mu.Unlock()
			}
		})
		if open = left; len(open) == 0 {
			return nil
		}
		if time.Now().After(until) || !pause(ctx, time.Second) {
			return fmt.Errorf("%d orders are not settled, for instance %s", len(open), why)
		}
	}
	return nil
}

func (w *world) unsettled(ctx context.Context, p *placed) string {
	var l ledger
	if err := w.staff(ctx, "/admin/v1/orders/"+p.id+"/ledger", &l); err != nil {
		return err.Error()
	}
	if !l.Complete {
		return "ledger: " + l.Verdict
	}
	var o adminOrder
	if err := w.staff(ctx, "/admin/v1/orders/"+p.id, &o); err != nil {
		return err.Error()
	}
	relations := 0
	for _, e := range l.Items {
		if e.Kind == "relation" {
			relations++
		}
	}
	if len(o.Purchases) < p.groups {
		return fmt.Sprintf("%d of %d purchases", len(o.Purchases), p.groups)
	}
	pairs := 0
	for _, b := range o.Purchases {
		if b.State != "paid" {
			return "purchase " + b.State + " " + b.LastError
		}
		pairs += len(b.Lines)
	}
	if relations < pairs {
		return fmt.Sprintf("%d of %d relations", relations, pairs)
	}
	return ""
}

// each runs do for every item, some at once.
func each[T any](items []T, do func(T)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, it := range items {
		slots <- struct{}{}
		wg.Go(func() { defer func() { <-slots }(); do(it) })
	}
	wg.Wait()
}

// report counts both sides.
type report struct {
	mu                                                   sync.Mutex
	acknowledged, ours, groups, purchases, at1688        int
	lost, extra, unlinked, doubled, unpaid, sums, pieces int
	relations, told, warnings                            int
	examples                                             []string
}

func (r *report) bad(count *int, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*count++
	if len(r.examples) < 10 {
		r.examples = append(r.examples, fmt.Sprintf(format, args...))
	}
}

// compare reads every order on both sides.
func (w *world) compare(ctx context.Context, orders []*placed) (*report, error) {
	r := &report{acknowledged: len(orders)}
	var box struct {
		Total  int
		Orders []boxOrder
	}
	if err := w.look(ctx, "/orders?limit=10000", &box); err != nil {
		return nil, err
	}
	byOut, linked := map[string][]boxOrder{}, map[string]bool{}
	for _, o := range box.Orders {
		byOut[o.Out] = append(byOut[o.Out], o)
	}
	r.at1688 = box.Total
	told, err := w.told(ctx)
	if err != nil {
		return nil, err
	}
	if r.ours, err = w.count(ctx); err != nil {
		return nil, err
	}
	r.extra = max(0, r.ours-len(orders))
	var mu sync.Mutex
	each(orders, func(p *placed) {
		ids := r.order(ctx, w, p, byOut, told)
		mu.Lock()
		for _, id := range ids {
			linked[id] = true
		}
		mu.Unlock()
	})
	for _, o := range box.Orders {
		if !linked[o.ID] {
			r.bad(&r.unlinked, "1688's order %s (ours %s, %s) belongs to no purchase", o.ID, o.Out, o.Status)
		}
	}
	r.warnings = told.warnings
	return r, nil
}

// order compares one order and returns the 1688 orders it is tied to.
func (r *report) order(ctx context.Context, w *world, p *placed, byOut map[string][]boxOrder, told *told) (ids []string) {
	var o adminOrder
	if err := w.staff(ctx, "/admin/v1/orders/"+p.id, &o); err != nil || o.Order.ID != p.id || o.Order.PaidAt == nil {
		r.bad(&r.lost, "order %s was acknowledged and is not there or not paid: %v", p.id, err)
		return nil
	}
	if o.Order.Totals.Total.Local != p.total || o.Order.Totals.Total.Original.Amount != p.fen {
		r.bad(&r.sums, "order %s: %v acknowledged, %v kept", p.id, p.total, o.Order.Totals.Total.Local)
	}
	if !told.orders[p.id] {
		r.bad(&r.told, "1688 was not told of order %s", p.id)
	}
	var fen int64
	lines := map[string]string{}
	for _, l := range o.Order.Lines {
		lines[l.ID] = l.OfferID + "/" + l.SkuID
		if p.lines[lines[l.ID]] != l.Quantity {
			r.bad(&r.pieces, "order %s has %d of %s, asked for %d", p.id, l.Quantity, lines[l.ID], p.lines[lines[l.ID]])
		}
	}
	bought := map[string]int64{}
	for _, b := range o.Purchases {
		at := byOut[strings.SplitN(b.OutOrderID, "-", 2)[0]]
		var mine *boxOrder
		for i := range at {
			if at[i].ID == b.AlibabaOrderID {
				mine = &at[i]
			}
		}
		if mine == nil {
			r.bad(&r.lost, "purchase %s of order %s names 1688's order %q, which is not there", b.ID, p.id, b.AlibabaOrderID)
			continue
		}
		ids, fen = append(ids, mine.ID), fen+mine.Total
		if mine.Paid != mine.Total || mine.Total != b.Total.Amount {
			r.bad(&r.unpaid, "1688's order %s costs %d, we think %d, paid %d", mine.ID, mine.Total, b.Total.Amount, mine.Paid)
		}
		if len(at) > 1 && len(at) > countOf(o, b.OutOrderID) {
			r.bad(&r.doubled, "%d orders at 1688 for %s", len(at), b.OutOrderID)
		}
		r.pairs(b.Lines, lines, *mine, bought, told)
	}
	for key, n := range p.lines {
		if bought[key] != n {
			r.bad(&r.pieces, "order %s: %d of %s wanted, %d bought", p.id, n, key, bought[key])
		}
	}
	if fen != p.fen {
		r.bad(&r.sums, "order %s: member's quote %d fen, 1688's orders %d fen", p.id, p.fen, fen)
	}
	r.mu.Lock()
	r.groups, r.purchases = r.groups+p.groups, r.purchases+len(o.Purchases)
	r.mu.Unlock()
	return ids
}

// countOf is how many of our purchases came out of one call.
func countOf(o adminOrder, out string) (n int) {
	base := strings.SplitN(out, "-", 2)[0]
	for _, b := range o.Purchases {
		if strings.SplitN(b.OutOrderID, "-", 2)[0] == base {
			n++
		}
	}
	return n
}

// pairs checks that each sub-order is tied to one line of ours and that 1688 was told so.
func (r *report) pairs(ours []struct {
	LineID, SubItemID string
	Quantity          int64
}, lines map[string]string, box boxOrder, bought map[string]int64, told *told) {
	subs := map[string]boxLine{}
	for _, l := range box.Lines {
		subs[l.ID] = l
	}
	r.mu.Lock()
	for _, l := range ours {
		if sub, ok := subs[l.SubItemID]; ok && sub.Quantity == l.Quantity {
			bought[lines[l.LineID]] += sub.Quantity
		}
	}
	r.mu.Unlock()
	for _, l := range ours {
		if told.relations[l.LineID+":"+l.SubItemID] {
			r.mu.Lock()
			r.relations++
			r.mu.Unlock()
			continue
		}
		r.bad(&r.told, "1688 was not told that line %s is its sub-order %s", l.LineID, l.SubItemID)
	}
}

// told is what 1688 was told, and took.
type told struct {
	orders, relations map[string]bool
	warnings          int
}

func (w *world) told(ctx context.Context) (*told, error) {
	t := &told{orders: map[string]bool{}, relations: map[string]bool{}}
	for after := 0; ; {
		var page struct {
			Warnings int
			Items    []struct {
				Seq       int
				Kind, Key string
				Accepted  bool
			}
		}
		if err := w.look(ctx, "/pushes?limit=10000&after="+strconv.Itoa(after), &page); err != nil {
			return nil, err
		}
		t.warnings = page.Warnings
		for _, p := range page.Items {
			after = p.Seq
			if p.Accepted && p.Kind == "order" {
				t.orders[p.Key] = true
			}
			if p.Accepted && p.Kind == "relation" {
				t.relations[p.Key] = true
			}
		}
		if len(page.Items) < 10000 {
			return t, nil
		}
	}
}

// count walks the staff's list of orders.
func (w *world) count(ctx context.Context) (n int, err error) {
	for cursor := ""; ; {
		var page struct {
			Items      []struct{}
			NextCursor string
		}
		if err := w.staff(ctx, "/admin/v1/orders?limit=100&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return 0, err
		}
		n += len(page.Items)
		if cursor = page.NextCursor; cursor == "" {
			return n, nil
		}
	}
}

// struck is how often each fault happened.
func (w *world) struck(ctx context.Context) (map[string]int, error) {
	var v struct {
		Faults []struct {
			Kind string
			Used int
		}
	}
	err := w.look(ctx, "/faults", &v)
	out := map[string]int{}
	for _, f := range v.Faults {
		out[f.Kind] += f.Used
	}
	return out, err
}

func (r *report) print(kills int64, struck map[string]int) {
	fmt.Printf("\n%-58s %d\n", "kill -9 survived", kills)
	kinds := make([]string, 0, len(struck))
	for k := range struck {
		kinds = append(kinds, k)
	}
	sort.Strings(kinds)
	for _, k := range kinds {
		fmt.Printf("%-58s %d\n", "fault "+k, struck[k])
	}
	for _, row := range []struct {
		what string
		n    int
	}{
		{"orders acknowledged to shoppers", r.acknowledged}, {"orders here", r.ours}, {"seller groups quoted", r.groups}, {"purchases here", r.purchases},
		{"orders at 1688", r.at1688}, {"relations 1688 was told", r.relations}, {"", -1},
		{"orders lost", r.lost}, {"orders nobody was told of", r.extra}, {"1688's orders tied to no purchase", r.unlinked},
		{"orders doubled at 1688", r.doubled}, {"purchases not paid exactly once", r.unpaid}, {"sums that differ", r.sums},
		{"lines with other quantities", r.pieces}, {"facts 1688 was not told", r.told}, {"pushes 1688 warns about", r.warnings},
	} {
		if row.n < 0 {
			fmt.Println()
			continue
		}
		fmt.Printf("%-58s %d\n", row.what, row.n)
	}
	for _, e := range r.examples {
		fmt.Println("  ", e)
	}
}

func (r *report) verdict() error {
	n := r.lost + r.extra + r.unlinked + r.doubled + r.unpaid + r.sums + r.pieces + r.told + r.warnings
	if n > 0 {
		return fmt.Errorf("%d differences", n)
	}
	fmt.Println("\nboth sides agree")
	return nil
}
