package sync

import (
	"context"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
)

const (
	sweepCursor  = "alibaba.orders.modified"
	sweepOverlap = 2 * time.Minute // 1688's list may lag behind its own clock
	sweepPages   = 20              // pages of one sweep; the rest waits for the next
	sweepSize    = 50
	quietAfter   = 30 * time.Minute // a purchase in motion is read again after this long without news
)

// Run compares 1688's order list with ours again and again until ctx ends, so that a lost message is only a delay.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "sweep of 1688's orders failed", "error", err)
			}
		}
	}
}

// Sweep reads what changed at 1688 since the last sweep and queues a re-read of every order whose state we do not have,
// and of purchases that have been quiet for long. Only one process sweeps at a time.
func (s *Service) Sweep(ctx context.Context) error {
	value, mine, err := s.store.turn(ctx, sweepCursor, s.sweep*9/10)
	if err != nil || !mine {
		return err
	}
	began := s.now()
	since, err := time.Parse(time.RFC3339, value)
	if err != nil {
		since = began.Add(-24 * time.Hour)
	}
	specs, whole, err := s.changed(ctx, since.Add(-sweepOverlap))
	if err != nil {
		return err
	}
	quiet, err := s.orders.Unread(ctx, began.Add(-quietAfter), 100)
	if err != nil {
		return err
	}
	for _, id := range quiet {
		specs = append(specs, refresh(id, "sweep.quiet"))
	}
	if !whole { // come back for the rest
		began = since
	}
	if err := s.store.advance(ctx, sweepCursor, began.Format(time.RFC3339), specs); err != nil {
		return err
	}
	if len(specs) > 0 {
		s.jobs.Kick()
	}
	return nil
}

func (s *Service) changed(ctx context.Context, since time.Time) (specs []jobs.Spec, whole bool, err error) {
	for page := 1; page <= sweepPages; page++ {
		answer, err := s.client.BuyerOrders(ctx, alibaba.OrderListQuery{Page: page, PageSize: sweepSize, ModifyStart: since})
		if err != nil {
			return nil, false, err
		}
		for i := range answer.Orders {
			t := &answer.Orders[i]
			id, word, ok, err := s.orders.Known(ctx, t.OrderID().String())
			if err != nil {
				return nil, false, err
			}
			if ok && word != string(t.Base.Status) {
				specs = append(specs, refresh(id, "sweep"))
			}
		}
		if len(answer.Orders) < sweepSize {
			return specs, true, nil
		}
	}
	return specs, false, nil
}

func refresh(purchaseID int64, cause string) jobs.Spec {
	return jobs.Spec{Kind: order.JobRefresh, Aggregate: purchaseAggregate(purchaseID), Payload: struct {
		ID    int64  `json:"id,string"`
		Cause string `json:"cause"`
	}{purchaseID, cause}}
}
