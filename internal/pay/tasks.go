package pay

import (
	"context"
	"errors"

	"entrepot/internal/jobs"
	"entrepot/internal/order"
)

// Register ties this package's jobs to the service.
func (s *Service) Register(q *jobs.Queue) {
	q.Handle(order.JobPay, func(ctx context.Context, t *jobs.Task) error {
		var r struct {
			ID int64 `json:"id,string"`
		}
		if err := t.Decode(&r); err != nil {
			return err
		}
		err := s.PayPurchase(ctx, r.ID)
		if errors.Is(err, errLook) {
			return jobs.Later(payPause, err.Error())
		}
		return order.Outcome(err)
	})
	for kind, run := range map[string]func(context.Context, int64) error{
		jobRefundCreate: s.openPart, jobRefundWatch: s.watch, jobRefundCancel: s.cancelPart, jobRefundReturn: s.returnPart,
		jobRefundService: s.servicePart,
	} {
		q.Handle(kind, func(ctx context.Context, t *jobs.Task) error {
			var r partRef
			if err := t.Decode(&r); err != nil {
				return err
			}
			return order.Outcome(run(ctx, r.ID))
		})
	}
}
