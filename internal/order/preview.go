package order

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/search"
	"entrepot/internal/site"

	"golang.org/x/sync/errgroup"
)

// Item is one wish of a member.
type Item struct {
	OfferID  int64
	SkuID    int64
	SpecID   string
	Quantity int64
}

// blocker is why a line cannot be ordered as asked; Pointer names it in the request.
type blocker struct {
	pointer string
	key     string
	args    map[string]any
}

// previewed is the outcome of a preview; token is empty while something blocks.
type previewed struct {
	field    string // of the request, that pointers go into; "" = items
	quote    quote
	sum      sums
	blockers []blocker
	token    string
	expires  time.Time
}

// wish is an item with the offer it names.
type wish struct {
	Item
	index   int
	offer   *search.Offer
	sku     search.OfferSKU
	blocked bool // the site must not sell it
}

// Preview prices items at 1688, one call per seller, and keeps the result for previewTTL. Blockers name lines that cannot
// be ordered as asked. Errors: unavailable when 1688 cannot be asked.
func (s *Service) Preview(ctx context.Context, who auth.MemberCaller, st *site.Site, lang string, items []Item) (*previewed, error) {
	return s.preview(ctx, who, st, lang, "", items, nil)
}

// preview prices items that stand in a field of the request; taken are the cart lines they came from.
func (s *Service) preview(ctx context.Context, who auth.MemberCaller, st *site.Site, lang, field string, items []Item, taken []cartTaken) (*previewed, error) {
	rate, err := s.rate(st)
	if err != nil {
		return nil, err
	}
	start := s.now()
	wishes, err := s.resolve(ctx, st, lang, items)
	if err != nil {
		return nil, err
	}
	p := &previewed{field: field, quote: quote{FX: rate, Lang: s.search.TranslatedInto(st, lang), Cart: taken}}
	sellers := p.group(wishes)
	if err := s.price(ctx, st, who, p, sellers); err != nil {
		return nil, err
	}
	s.outdated(p, wishes, start)
	for _, g := range p.quote.Groups {
		p.sum = p.sum.plus(g.Sum)
	}
	if p.sum.TotalFen > maxTotalFen {
		p.block(0, "order.amount_too_large")
	}
	if len(p.blockers) > 0 || len(p.quote.Groups) == 0 {
		return p, nil
	}
	id := s.store.db.NewID()
	p.expires = s.now().Add(previewTTL)
	p.token = s.token(id)
	return p, s.store.savePreview(ctx, previewRow{
		ID: id, Site: st.Code, MemberID: who.ID, Payload: encode(p.quote), ExpiresAt: p.expires, CreatedAt: s.now(),
	})
}

func (p *previewed) block(index int, key string, args ...any) {
	p.blockers = append(p.blockers, newBlocker(fmt.Sprintf("/%s/%d", firstNonEmpty(p.field, "items"), index), key, args...))
}

func newBlocker(pointer, key string, args ...any) blocker {
	m := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i].(string)] = args[i+1]
	}
	return blocker{pointer: pointer, key: key, args: m}
}

// resolve reads the offers of all items, several at once. A missing offer leaves offer nil.
func (s *Service) resolve(ctx context.Context, st *site.Site, lang string, items []Item) ([]wish, error) {
	wishes := make([]wish, len(items))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, it := range items {
		wishes[i] = wish{Item: it, index: i}
		g.Go(func() error { return s.look(ctx, st, lang, &wishes[i]) })
	}
	return wishes, g.Wait()
}

// look reads the offer of a wish. That there is none, or none for this site, is no error.
func (s *Service) look(ctx context.Context, st *site.Site, lang string, w *wish) error {
	o, err := s.search.Offer(ctx, st, lang, w.OfferID)
	switch {
	case errs.Is(err, "product.not_found"):
		return nil
	case errs.CodeOf(err) == errs.Blocked:
		w.blocked = true
		return nil
	}
	w.offer = o
	return err
}

// group checks each wish against its offer and sorts the good ones by seller, at most maxGroupLines each.
func (p *previewed) group(wishes []wish) [][]wish {
	var groups [][]wish
	at := map[string]int{} // seller -> its group that still has room
	seen := map[string]bool{}
	for _, w := range wishes {
		if !p.fits(&w) {
			continue
		}
		key := fmt.Sprintf("%d/%d/%s", w.OfferID, w.SkuID, w.SpecID)
		if seen[key] {
			p.block(w.index, "field.duplicate")
			continue
		}
		seen[key] = true
		i, ok := at[w.offer.SellerOpenID]
		if !ok || len(groups[i]) == maxGroupLines {
			groups = append(groups, nil)
			i = len(groups) - 1
			at[w.offer.SellerOpenID] = i
		}
		groups[i] = append(groups[i], w)
	}
	return groups
}

// fits checks what can be checked before 1688 is asked, and completes the SKU's ids.
func (p *previewed) fits(w *wish) bool {
	key, args := w.misfit(), []any(nil)
	if key == "" {
		key, args = w.odd()
	}
	if key != "" {
		p.block(w.index, key, args...)
	}
	return key == ""
}

// misfit says why a wish names nothing that can be bought, "" when it does, and completes the SKU's ids.
func (w *wish) misfit() string {
	o := w.offer
	switch {
	case w.blocked:
		return "catalogue.blocked"
	case o == nil:
		return "product.not_found"
	case !o.Available:
		return "order.line_unavailable"
	case len(o.SKUs) == 0 && (w.SkuID != 0 || w.SpecID != ""):
		return "order.sku_unknown"
	case len(o.SKUs) == 0:
		return ""
	case w.SkuID == 0 && w.SpecID == "":
		return "order.sku_required"
	}
	sku, ok := o.SKU(w.SkuID, w.SpecID)
	if !ok {
		return "order.sku_unknown"
	}
	w.sku, w.SkuID, w.SpecID = sku, sku.SkuID, sku.SpecID
	return ""
}

// odd says why a wish without misfit cannot be bought in its quantity, "" when it can. The least quantity is left to 1688:
// it counts over all variants, and not in every flow.
func (w *wish) odd() (key string, args []any) {
	stock := w.offer.Stock
	if len(w.offer.SKUs) > 0 {
		stock = w.sku.Stock
	}
	if w.Quantity > stock {
		return "order.stock", []any{"available", stock}
	}
	if batch := w.offer.Batch; batch > 1 && w.Quantity%batch != 0 {
		return "order.quantity_multiple", []any{"multiple", batch}
	}
	return "", nil
}

// price asks 1688 for each group, a few at once.
func (s *Service) price(ctx context.Context, st *site.Site, who auth.MemberCaller, p *previewed, groups [][]wish) error {
	var mu sync.Mutex
	priced := make([]*quoteGroup, len(groups))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, group := range groups {
		g.Go(func() error {
			answer, err := s.client.PreviewOrder(ctx, alibaba.OrderRequest{Address: s.rules.Warehouse.address(), Cargo: cargo(group, who.OutMemberID)})
			if err != nil && alibaba.ClassOf(err) != alibaba.Rejected {
				return search.FromUpstream(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				p.refused(group, err)
				return nil
			}
			priced[i], err = p.quoteGroup(st, group, answer)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	no := 0
	for _, q := range priced {
		if q == nil {
			continue
		}
		for i := range q.Lines {
			no++
			q.Lines[i].LineNo = no
		}
		p.quote.Groups = append(p.quote.Groups, *q)
	}
	return nil
}

func cargo(group []wish, outMemberID string) []alibaba.Cargo {
	out := make([]alibaba.Cargo, len(group))
	for i, w := range group {
		out[i] = alibaba.Cargo{OfferID: alibaba.ID(w.OfferID), SpecID: w.SpecID, Quantity: w.Quantity, OutMemberID: outMemberID}
	}
	return out
}

func (w Warehouse) address() alibaba.Address {
	if w.AddressID != 0 {
		return alibaba.Address{AddressID: alibaba.ID(w.AddressID)}
	}
	return alibaba.Address{
		FullName: w.FullName, Mobile: w.Mobile, PostCode: w.PostCode, ProvinceText: w.Province, CityText: w.City, AreaText: w.Area,
		TownText: w.Town, Address: w.Address,
	}
}

// previewCodes maps 1688's preview errors (fact book 3.5) to what we tell the member.
var previewCodes = map[string]string{
	"500_001": "order.line_unavailable", "500_004": "order.stock", "500_005": "order.quantity_min", "500_006": "order.mixed_batch",
	"500_008": "order.line_unavailable", "500_009": "order.quantity_min",
}

func (p *previewed) refused(group []wish, err error) {
	var e *alibaba.Error
	errors.As(err, &e)
	p.refuse(group, e.Code)
}

// refuse names the whole group when 1688 refused it: its answer does not always say which line it meant.
func (p *previewed) refuse(group []wish, code string) {
	key := previewCodes[code]
	if key == "" {
		key = "order.seller_refused"
	}
	named := false
	for _, w := range group {
		if key == "order.quantity_min" && w.Quantity >= w.offer.MinOrder && len(group) > 1 {
			continue // another line is the small one
		}
		p.block(w.index, key, "min", w.offer.MinOrder, "available", max(w.sku.Stock, w.offer.Stock))
		named = true
	}
	if !named {
		p.block(group[0].index, key, "min", group[0].offer.MinOrder, "available", group[0].offer.Stock)
	}
}

// quoteGroup turns 1688's answer for one seller into our quote. It is nil when something blocks.
func (p *previewed) quoteGroup(st *site.Site, group []wish, answer *alibaba.Preview) (*quoteGroup, error) {
	g := &quoteGroup{SellerOpenID: group[0].offer.SellerOpenID, SellerName: group[0].offer.SellerName}
	var freight, total int64
	byKey, flows, pieces := map[string]alibaba.PreviewCargo{}, map[string]string{}, map[int64]int64{}
	for _, o := range answer.Orders {
		if !bool(o.Status) || len(o.TradeModes) == 0 {
			p.refuse(group, string(o.ResultCode))
			return nil, nil //nolint:nilnil // blocked: the blockers say why
		}
		if g.Flow == "" {
			g.Flow, g.TradeType = string(o.FlowFlag), string(o.TradeModes[0])
		}
		freight += int64(o.SumCarriageFen)
		total += int64(o.SumPaymentFen)
		for _, c := range o.Cargo {
			key := c.OfferID.String() + "/" + string(c.SpecID)
			byKey[key], flows[key] = c, string(o.FlowFlag)
		}
	}
	for _, w := range group {
		pieces[w.OfferID] += w.Quantity
	}
	for _, w := range group {
		key := alibaba.ID(w.OfferID).String() + "/" + w.SpecID
		c, ok := byKey[key]
		if !ok || (c.ResultCode != "" && !strings.EqualFold(string(c.ResultCode), "success") && c.ResultCode != "200") {
			p.refuse([]wish{w}, string(c.ResultCode))
			return nil, nil //nolint:nilnil // as above
		}
		line, err := p.quoteLine(st, w, c)
		if err != nil {
			return nil, err
		}
		if err := p.compare(st, &line, w, flows[key], pieces[w.OfferID]); err != nil {
			return nil, err
		}
		g.Lines = append(g.Lines, line)
	}
	var err error
	g.Sum, err = p.sumUp(st, g.Lines, money.Fen(freight), money.Fen(total))
	return g, err
}

func (p *previewed) quoteLine(st *site.Site, w wish, c alibaba.PreviewCargo) (quoteLine, error) {
	amount, err := c.Amount.Fen()
	if err != nil {
		return quoteLine{}, errs.New(errs.Upstream, "upstream.bad_answer").Because(err)
	}
	unit, err := c.FinalUnitPrice.Fen()
	if err != nil { // shown only; the amount is what counts
		unit = amount / w.Quantity
	}
	unitMinor, err := p.quote.FX.Convert(money.Fen(unit), st.Currency)
	if err != nil {
		return quoteLine{}, err
	}
	minor, err := p.quote.FX.Convert(money.Fen(amount), st.Currency)
	return quoteLine{
		OfferID: w.OfferID, SkuID: w.SkuID, SpecID: w.SpecID, SkuName: w.sku.Name, Quantity: w.Quantity,
		UnitFen: money.Fen(unit), AmountFen: money.Fen(amount), UnitMinor: unitMinor, Minor: minor,
		Subject: w.offer.Subject, Translated: w.offer.SubjectTrans, ImageURL: firstNonEmpty(w.sku.ImageURL, w.offer.ImageURL),
	}, err
}

// sumUp adds a group up. 1688's total stands as it is; what it grants beyond goods and freight is the discount. In the
// site's currency each part is converted by itself, so that the parts shown always add up to the total shown.
func (p *previewed) sumUp(st *site.Site, lines []quoteLine, freight, total money.Fen) (sums, error) {
	s := sums{FreightFen: freight, TotalFen: total}
	for _, l := range lines {
		s.GoodsFen += l.AmountFen
		s.GoodsMinor += l.Minor
	}
	s.DiscountFen = s.GoodsFen + freight - total
	var err error
	if s.FreightMinor, err = p.quote.FX.Convert(freight, st.Currency); err != nil {
		return s, err
	}
	if s.DiscountMinor, err = p.quote.FX.Convert(s.DiscountFen, st.Currency); err != nil {
		return s, err
	}
	s.TotalMinor = s.GoodsMinor + s.FreightMinor - s.DiscountMinor
	return s, nil
}

func firstNonEmpty(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
