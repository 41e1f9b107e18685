package search

import (
	"context"
	"strings"
	"time"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/web"

	"github.com/shopspring/decimal"
)

// maxJump is how far one change may move a rate, either way: more is a slipped point. A larger move takes several changes.
const maxJump = 10

// sourceStaff marks rates that staff set; see money.Rate.Source.
const sourceStaff = "staff"

// maxValidity keeps ends of rates within what both engines store.
const maxValidity = 100 * 365 * 24 * time.Hour

// setRate puts a rate in force at once. Quotes and orders made before keep theirs. Errors: request.invalid with pointers,
// rate.jump.
func (s *Service) setRate(ctx context.Context, who auth.StaffCaller, r RateRequest, idem web.Idem) (web.Answer, *web.Replay, error) {
	answer, replay, err := s.idem.Once(ctx, idem, func(ctx context.Context) (web.Answer, error) {
		row, err := s.newRate(who, r)
		if err != nil {
			return web.Answer{}, err
		}
		row.RequestID = idem.RequestID
		answer, err := web.JSONAnswer(201, row.view(true), row.ID)
		if err != nil {
			return web.Answer{}, err
		}
		return answer, s.saveRate(ctx, &row, idem, answer)
	})
	if err == nil && replay == nil {
		s.changed(ctx)
	}
	return answer, replay, err
}

func (s *Service) newRate(who auth.StaffCaller, r RateRequest) (rateRow, error) {
	now := s.moment()
	bad := errs.New(errs.Invalid, "request.invalid")
	row := rateRow{Currency: r.Currency, Source: sourceStaff, AsOf: now, Reason: strings.TrimSpace(r.Reason), Staff: who.LoginName, CreatedAt: now}
	if row.Reason == "" {
		bad.At("/reason", "field.required")
	}
	if _, ok := money.CurrencyOf(r.Currency); !ok {
		bad.At("/currency", "rate.currency_unknown")
	} else if r.Currency == money.CNY.Code {
		bad.At("/currency", "rate.currency_base")
	}
	rate, err := money.NewRate(money.CNY.Code, "1", now, sourceStaff)
	if len(bad.Fields) == 0 {
		rate, err = money.NewRate(r.Currency, r.Rate, now, sourceStaff)
	}
	if err != nil {
		bad.At("/rate", "rate.invalid")
	}
	row.Rate = rate.Text()
	if r.ValidUntil != nil {
		until := r.ValidUntil.UTC().Truncate(time.Millisecond)
		row.ValidUntil = &until
		if !until.After(now) || until.Sub(now) > maxValidity {
			bad.At("/validUntil", "rate.valid_until")
		}
	}
	if len(bad.Fields) > 0 {
		return rateRow{}, bad
	}
	if was, err := s.rates.Rate(row.Currency); err == nil && jumps(was.Value, rate.Value) {
		return rateRow{}, errs.New(errs.Rule, "rate.jump", "rate", was.Text()).At("/rate", "rate.jump", "rate", was.Text())
	}
	row.ID = s.store.db.NewID()
	return row, nil
}

func jumps(was, is decimal.Decimal) bool {
	limit := decimal.NewFromInt(maxJump)
	return is.GreaterThan(was.Mul(limit)) || is.Mul(limit).LessThan(was)
}

// dated makes what a money.Book wants of rows, newest first.
func dated(rows []rateRow) ([]money.Dated, error) {
	var out []money.Dated
	for _, r := range rows {
		rate, err := money.NewRate(r.Currency, r.Rate, r.AsOf, r.Source)
		if err != nil {
			return nil, err
		}
		d := money.Dated{Rate: rate}
		if r.ValidUntil != nil {
			d.Until = *r.ValidUntil
		}
		out = append(out, d)
	}
	return out, nil
}
