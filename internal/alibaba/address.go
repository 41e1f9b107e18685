package alibaba

import (
	"context"
	"errors"
)

var (
	apiSavedAddresses = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.receiveAddress.get"}
	apiAddressCode    = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.addresscode.parse"}
	apiMixConfig      = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.OpQueryMarketingMixConfig"}
)

// SavedAddress is a delivery address saved on the 1688 account; personal data. ID is Address.AddressID.
type SavedAddress struct {
	ID           ID   `json:"id"`
	FullName     Text `json:"fullName"`
	Mobile       Text `json:"mobilePhone"`
	Phone        Text `json:"phone"`
	PostCode     Text `json:"post"`
	DistrictCode Text `json:"addressCode"`     // six digits
	District     Text `json:"addressCodeText"` // province, city and district
	TownCode     Text `json:"townCode"`
	Town         Text `json:"townName"`
	Address      Text `json:"address"`
	Default      Bool `json:"isDefault"`
}

// SavedAddresses lists the addresses saved on the account. Code 400 (class Auth): the app may not see them.
// 1688 API: com.alibaba.trade:alibaba.trade.receiveAddress.get-1.
func (c *Client) SavedAddresses(ctx context.Context) ([]SavedAddress, error) {
	var reply struct {
		Items []SavedAddress `json:"receiveAddressItems"`
	}
	read := reclass(openInto(&reply), func(code string) Class {
		if code == "400" {
			return Auth
		}
		return Rejected
	})
	if _, err := c.call(ctx, &apiSavedAddresses, nil, read); err != nil {
		return nil, err
	}
	return append([]SavedAddress{}, reply.Items...), nil
}

// AddressCode is a Chinese address taken apart. DistrictCode and Rest are Address.DistrictCode and Address.Address.
type AddressCode struct {
	DistrictCode Text `json:"addressCode"`     // six digits
	District     Text `json:"addressCodeText"` // province, city and district
	Rest         Text `json:"address"`         // street and house
	PostCode     Text `json:"postCode"`
	FullName     Text `json:"fullName"` // personal data, as the next two
	Mobile       Text `json:"mobile"`
	Phone        Text `json:"phone"`
}

// ParseAddress finds the district of a Chinese address written as one text. Refusals keep their code but not 1688's text,
// which may quote the address.
// 1688 API: com.alibaba.trade:alibaba.trade.addresscode.parse-1.
func (c *Client) ParseAddress(ctx context.Context, address string) (*AddressCode, error) {
	var found AddressCode
	read := openInto(&found)
	_, err := c.call(ctx, &apiAddressCode, []param{{"addressInfo", address}}, func(body []byte) error {
		err := read(body)
		var refused *Error
		if errors.As(err, &refused) {
			refused.Message = ""
		}
		if err == nil && found.DistrictCode == "" {
			return errGarbage
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &found, nil
}

// MixConfig is a seller's rule for mixed batches: lines below their own minimum pass when the order holds MixNumber pieces or
// is worth MixAmount yuan. 0 is no such limit.
type MixConfig struct {
	MemberID  Text `json:"memberId"`
	Allowed   Bool `json:"generalHunpi"`
	MixNumber Int  `json:"mixNumber"`
	MixAmount Int  `json:"mixAmount"`
}

var errNoSeller = errors.New("neither a member id nor a login id of the seller")

// MixConfig reads a seller's rule; one of the ids is enough.
// 1688 API: com.alibaba.trade:alibaba.trade.OpQueryMarketingMixConfig-1.
func (c *Client) MixConfig(ctx context.Context, sellerMemberID, sellerLoginID string) (*MixConfig, error) {
	var f fields
	f.text("sellerMemberId", sellerMemberID)
	f.text("sellerLoginId", sellerLoginID)
	if len(f.list) == 0 {
		return nil, apiMixConfig.refuse(errNoSeller)
	}
	var rule MixConfig
	if _, err := c.call(ctx, &apiMixConfig, f.list, openInto(&rule)); err != nil {
		return nil, err
	}
	return &rule, nil
}
