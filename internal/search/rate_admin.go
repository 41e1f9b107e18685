package search

import (
	"context"
	"net/http"
	"slices"

	"entrepot/internal/auth"
	"entrepot/internal/money"
	"entrepot/internal/web"
)

// maySetRates are the roles that may change what shoppers pay.
var maySetRates = []auth.Role{auth.Finance, auth.Admin}

// AdminListRates implements StrictServerInterface.
func (h server) AdminListRates(c context.Context, r AdminListRatesRequestObject) (AdminListRatesResponseObject, error) {
	ctx, _, err := asStaff(c, auth.Roles...)
	if err != nil {
		return nil, err
	}
	before, limit, err := web.Page(r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	currency := ""
	if r.Params.Currency != nil {
		currency = *r.Params.Currency
	}
	list, err := h.s.rateList(ctx, currency, before, limit)
	return AdminListRates200JSONResponse(list), err
}

// rateList is a page of staff's rates, newest first; after the oldest come the configured ones, by currency. Those have no
// rows: their place counted from the end stands for an id, far below any real one.
func (s *Service) rateList(ctx context.Context, currency string, before int64, limit int) (RateList, error) {
	out := RateList{Items: []ExchangeRate{}}
	live, err := s.store.liveRates(ctx, s.now())
	if err != nil {
		return out, err
	}
	inForce := map[string]int64{}
	for _, r := range live {
		if _, ok := inForce[r.Currency]; !ok {
			inForce[r.Currency] = r.ID
		}
	}
	tail := slices.DeleteFunc(s.rates.Configured(), func(r money.Rate) bool {
		return r.Quote == money.CNY.Code || currency != "" && r.Quote != currency
	})
	last := int64(0)
	if before == 0 || before > int64(len(tail)) {
		rows, err := s.store.ratePage(ctx, currency, before, limit+1)
		if err != nil {
			return out, err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			out.NextCursor = ptr(web.EncodeCursor(rows[limit-1].ID))
		}
		for _, r := range rows {
			out.Items = append(out.Items, r.view(inForce[r.Currency] == r.ID))
		}
		before = int64(len(tail)) + 1
	}
	for i, r := range tail {
		place := int64(len(tail) - i)
		switch {
		case place >= before || out.NextCursor != nil:
		case len(out.Items) == limit && last == 0: // the page ends with staff's rates
			out.NextCursor = ptr(web.EncodeCursor(before))
		case len(out.Items) == limit:
			out.NextCursor = ptr(web.EncodeCursor(last))
		default:
			_, replaced := inForce[r.Quote]
			out.Items = append(out.Items, configuredView(r, !replaced))
			last = place
		}
	}
	return out, nil
}

func configuredView(r money.Rate, inForce bool) ExchangeRate {
	return ExchangeRate{Id: "configured-" + r.Quote, Currency: r.Quote, Rate: r.Text(), Source: r.Source, AsOf: r.AsOf, InForce: inForce}
}

func (r rateRow) view(inForce bool) ExchangeRate {
	return ExchangeRate{
		Id: number64(r.ID), Currency: r.Currency, Rate: r.Rate, Source: r.Source, AsOf: r.AsOf.UTC(), ValidUntil: r.ValidUntil, InForce: inForce,
		Reason: optional(r.Reason), CreatedBy: optional(r.Staff),
	}
}

// AdminSetRate implements StrictServerInterface.
func (h server) AdminSetRate(c context.Context, r AdminSetRateRequestObject) (AdminSetRateResponseObject, error) {
	ctx, who, err := asStaff(c, maySetRates...)
	if err != nil {
		return nil, err
	}
	idem, err := web.IdemOf(ctx)
	if err != nil {
		return nil, err
	}
	answer, replay, err := h.s.setRate(ctx, who, *r.Body, idem)
	if err != nil {
		return nil, err
	}
	if replay != nil {
		return rateAnswer(replay.Write), nil
	}
	return rateAnswer(answer.Write), nil
}

// rateAnswer writes bytes that are final.
type rateAnswer func(w http.ResponseWriter) error

// VisitAdminSetRateResponse implements AdminSetRateResponseObject.
func (a rateAnswer) VisitAdminSetRateResponse(w http.ResponseWriter) error { return a(w) }
