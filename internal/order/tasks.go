package order

import (
	"context"
	"errors"

	"entrepot/internal/alibaba"
	"entrepot/internal/jobs"
)

// Register ties this package's jobs to the service.
func (s *Service) Register(q *jobs.Queue) {
	q.Handle(JobUnpaid, func(ctx context.Context, t *jobs.Task) error {
		return s.byRef(ctx, t, func(ctx context.Context, r ref) error {
			left, err := s.store.closeUnpaid(ctx, r.ID)
			if err == nil && left > 0 {
				return errWait{left, "the payment window is still open"}
			}
			return err
		})
	})
	q.Handle(JobPurchase, func(ctx context.Context, t *jobs.Task) error {
		return s.byRef(ctx, t, func(ctx context.Context, r ref) error {
			return s.StartPurchase(ctx, r.ID, "purchase.started", "system")
		})
	})
	q.Handle(JobCreate, func(ctx context.Context, t *jobs.Task) error {
		return s.byRef(ctx, t, func(ctx context.Context, r ref) error { return s.Create(ctx, r.ID) })
	})
	q.Handle(JobApproval, func(ctx context.Context, t *jobs.Task) error {
		return s.byRef(ctx, t, func(ctx context.Context, r ref) error {
			left, err := s.store.expire(ctx, r.ID)
			if err == nil && left > 0 {
				return errWait{left, "the member may still answer"}
			}
			return err
		})
	})
	q.Handle(JobCancelPurchase, func(ctx context.Context, t *jobs.Task) error {
		return s.byRef(ctx, t, func(ctx context.Context, r ref) error { return s.CancelPurchase(ctx, r.ID) })
	})
	q.Handle(JobRefresh, func(ctx context.Context, t *jobs.Task) error {
		return s.byRef(ctx, t, func(ctx context.Context, r ref) error { return s.Refresh(ctx, r.ID, r.Cause) })
	})
}

func (s *Service) byRef(ctx context.Context, t *jobs.Task, run func(context.Context, ref) error) error {
	var r ref
	if err := t.Decode(&r); err != nil {
		return err
	}
	return Outcome(run(ctx, r))
}

// Outcome turns an error of a use case into what the queue should do: waiting is no failure, quota says when to come
// back, everything else backs off. What 1688 refuses for good ends the job; its row shows why.
func Outcome(err error) error {
	var wait errWait
	if errors.As(err, &wait) {
		return jobs.Later(wait.after, wait.reason)
	}
	if later := NotNow(err); later != nil {
		return later
	}
	if alibaba.ClassOf(err) == alibaba.Rejected {
		return jobs.Dead(err)
	}
	return err
}

// NotNow is what the queue should do with a call that 1688, or our guard in front of it, did not take: come back later,
// without counting a failed attempt. It is nil for every other error.
func NotNow(err error) error {
	after, ok := alibaba.NotNow(err)
	switch {
	case !ok:
		return nil
	case alibaba.ClassOf(err) == alibaba.Quota:
		return jobs.Later(after, "1688's rate limit")
	default:
		return jobs.Later(after, "1688 does not answer")
	}
}
