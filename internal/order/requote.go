package order

import (
	"context"
	"errors"
	"strings"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
)

// outdatedQuote: 1688 last said this price too long ago, or refused it since. Purchases without terms are older than that rule.
func (s *Service) outdatedQuote(b *bought) bool {
	if b.terms.PurchaseID == 0 || b.terms.PricedAt == nil {
		return b.terms.PurchaseID != 0
	}
	return s.rules.QuoteAge > 0 && s.now().Sub(*b.terms.PricedAt) > s.rules.QuoteAge
}

// requote asks 1688 what a purchase costs now. Lines it refuses are left out; a price beyond the tolerance holds the
// purchase until the member agrees. again: the purchase may be tried.
func (s *Service) requote(ctx context.Context, b *bought) (again bool, err error) {
	r := s.request(b)
	answer, err := s.client.PreviewOrder(ctx, alibaba.OrderRequest{Address: r.Address, Cargo: r.Cargo})
	var bad map[int64]string
	switch alibaba.ClassOf(err) {
	case alibaba.OK:
		bad = b.refusedLines(answer)
	case alibaba.Rejected:
		if bad, err = s.refusedAlone(ctx, b, r, err); err != nil {
			return false, err
		}
	default:
		return false, err
	}
	if len(bad) == len(b.lines) {
		return false, s.store.refuse(ctx, b, anyCode(bad), "1688 prices none of the lines any more: "+anyCode(bad))
	} else if len(bad) > 0 {
		return true, s.store.leaveOut(ctx, b, bad, "1688 prices some lines no more: "+anyCode(bad))
	}
	return s.requoteAt(ctx, b, answer)
}

func (s *Service) requoteAt(ctx context.Context, b *bought, answer *alibaba.Preview) (again bool, err error) {
	now, err := b.asked(answer)
	if err != nil {
		return false, err
	}
	return s.store.requoted(ctx, b, now, string(answer.Orders[0].FlowFlag), string(answer.Orders[0].TradeModes[0]))
}

func anyCode(bad map[int64]string) string {
	for _, code := range bad {
		return code
	}
	return ""
}

// refusedAlone finds the lines a refused preview means, by asking for one offer at a time. All are meant when no offer is
// refused by itself, or when the rule spans offers.
func (s *Service) refusedAlone(ctx context.Context, b *bought, r alibaba.OrderRequest, refusal error) (map[int64]string, error) {
	code := codeOf(refusal)
	bad, all, byOffer := map[int64]string{}, map[int64]string{}, map[alibaba.ID][]alibaba.Cargo{}
	for i, c := range r.Cargo {
		byOffer[c.OfferID] = append(byOffer[c.OfferID], c)
		all[b.lines[i].LineID] = code
	}
	if len(byOffer) == 1 || code == "500_006" {
		return all, nil
	}
	for _, cargo := range byOffer {
		_, err := s.client.PreviewOrder(ctx, alibaba.OrderRequest{Address: r.Address, Cargo: cargo})
		if err == nil {
			continue
		}
		if alibaba.ClassOf(err) != alibaba.Rejected {
			return nil, err
		}
		for _, c := range cargo {
			for line := range b.named([]alibaba.FailedOffer{{OfferID: c.OfferID, SpecID: c.SpecID}}) {
				bad[line] = codeOf(err)
			}
		}
	}
	if len(bad) == 0 {
		return all, nil
	}
	return bad, nil
}

func codeOf(err error) string {
	var e *alibaba.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// refusedLines lists the lines a preview refuses: those it marks, else all of an entry that is refused as a whole.
func (b *bought) refusedLines(answer *alibaba.Preview) map[int64]string {
	bad, seen := map[int64]string{}, map[int64]bool{}
	for _, o := range answer.Orders {
		whole := !bool(o.Status) || len(o.TradeModes) == 0
		marked := map[int64]string{}
		var lines []int64
		for _, c := range o.Cargo {
			for line := range b.named([]alibaba.FailedOffer{{OfferID: c.OfferID, SpecID: string(c.SpecID)}}) {
				lines, seen[line] = append(lines, line), true
				if code := string(c.ResultCode); code != "" && !strings.EqualFold(code, "success") && code != "200" {
					marked[line] = code
				}
			}
		}
		if whole && len(marked) == 0 {
			for _, line := range lines {
				marked[line] = firstNonEmpty(string(o.ResultCode), "no_trade_mode")
			}
		}
		for line, code := range marked {
			bad[line] = code
		}
	}
	for _, l := range b.lines {
		if !seen[l.LineID] {
			bad[l.LineID] = "not_priced"
		}
	}
	return bad
}

// asked is what a preview that refuses nothing asks.
func (b *bought) asked(answer *alibaba.Preview) (asked, error) {
	now := asked{goods: map[int64]money.Fen{}}
	for _, o := range answer.Orders {
		now.total += money.Fen(o.SumPaymentFen)
		now.freight += money.Fen(o.SumCarriageFen)
		for _, c := range o.Cargo {
			fen, err := c.Amount.Fen()
			if err != nil {
				return now, errs.New(errs.Upstream, "upstream.bad_answer").Because(err)
			}
			for line := range b.named([]alibaba.FailedOffer{{OfferID: c.OfferID, SpecID: string(c.SpecID)}}) {
				now.goods[line] += money.Fen(fen)
			}
		}
	}
	return now, nil
}
