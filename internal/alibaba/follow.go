package alibaba

import "context"

// Following twice, or unfollowing what was never followed, changes nothing: both may be repeated on doubt.
var (
	apiFollow   = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.kjdistribute.addRelation", noToken: true}
	apiUnfollow = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.kjdistribute.removeRelation"}
)

// Follow subscribes the app to an offer: product and stock messages come for followed offers only. It needs no token.
// 1688 API: com.alibaba.fenxiao.crossborder:product.kjdistribute.addRelation-1.
func (c *Client) Follow(ctx context.Context, offerID ID) error {
	_, err := c.call(ctx, &apiFollow, []param{{"offerId", offerID.String()}}, openAck)
	return err
}

// Unfollow ends the subscription.
// 1688 API: com.alibaba.fenxiao.crossborder:product.kjdistribute.removeRelation-1.
func (c *Client) Unfollow(ctx context.Context, offerID ID) error {
	_, err := c.call(ctx, &apiUnfollow, []param{{"offerId", offerID.String()}}, openAck)
	return err
}

// AppKey names the app all calls are made for. It is not secret.
func (c *Client) AppKey() string { return c.appKey }
