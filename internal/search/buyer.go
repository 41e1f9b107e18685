package search

import (
	"context"

	"entrepot/internal/auth"
	"entrepot/internal/web"
)

type buyerKey struct{}

// buyer is 1688's name of the signed-in member, "" for a guest. It goes with the call that a request causes; the answer is
// the same for everybody and shared, so it is no part of any key. It must be read before the request ends.
func buyer(ctx context.Context) string {
	member, _ := auth.Member(web.Context(ctx))
	return member.OutMemberID
}

// withBuyer carries the buyer to the call.
func withBuyer(ctx context.Context, outMemberID string) context.Context {
	if outMemberID == "" {
		return ctx
	}
	return context.WithValue(ctx, buyerKey{}, outMemberID)
}

func buyerOf(ctx context.Context) string {
	outMemberID, _ := ctx.Value(buyerKey{}).(string)
	return outMemberID
}
