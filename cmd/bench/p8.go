package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"entrepot/internal/search"
)

// photos is P8: what a 12-megapixel photo costs until it is ready for 1688, decoding and encoding included, one at a time.
// Beside it stands what the standard library needs to decode alone.
func photos(_ context.Context, s settings) error {
	raw, err := photo(4000, 3000)
	if err != nil {
		return err
	}
	var ours, plain []float64
	for range max(s.rounds, 3) {
		before := cpuTime()
		picture, err := search.PreparePicture(raw, nil)
		if err != nil {
			return err
		}
		if len(picture.Data) == 0 || picture.Width < 640 {
			return fmt.Errorf("%d bytes, %d wide: not a usable picture", len(picture.Data), picture.Width)
		}
		middle := cpuTime()
		if _, err := jpeg.Decode(bytes.NewReader(raw)); err != nil {
			return err
		}
		ours, plain = append(ours, (middle-before).Seconds()), append(plain, (cpuTime()-middle).Seconds())
	}
	row("P8", "12 MP photo to upload-ready / 300 ms CPU", median(ours)/0.3, "%.0f ms CPU, %.1f MB in; image/jpeg decodes alone in %.0f ms",
		1000*median(ours), float64(len(raw))/1e6, 1000*median(plain))
	return nil
}

// photo draws something with the detail of a photo: soft areas, edges and the noise of a sensor.
func photo(w, h int) ([]byte, error) {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	noise := rand.New(rand.NewPCG(12, 8)) //nolint:gosec // the same picture each time
	for y := range h {
		for x := range w {
			v := 128 + 60*math.Sin(float64(x)/180)*math.Cos(float64(y)/140) + 8*noise.NormFloat64()
			if (x/90+y/70)%7 == 0 {
				v += 40
			}
			img.Y[img.YOffset(x, y)] = uint8(min(max(v, 0), 255))
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(110+i/4000%40), uint8(120+i%37)
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90})
	return b.Bytes(), err
}
