package sandbox

import (
	"slices"
	"strings"
)

// look is the outline a product is drawn with: several nouns share one. The pictures depend on it and on nothing else of the noun.
type look uint8

// The looks, in the order of lookNames. New ones go to the end: the number seeds the picture.
const (
	lookBox look = iota
	lookDress
	lookShirt // long sleeves
	lookTee
	lookTrousers
	lookShorts
	lookSkirt
	lookCoat
	lookBriefs
	lookBra
	lookSock
	lookHat
	lookScarf
	lookGlove
	lookBelt
	lookTie
	lookRomper
	lookSneaker
	lookBoot
	lookSandal
	lookHeel
	lookBackpack
	lookHandbag
	lookWallet
	lookSuitcase
	lookPouch
	lookBottle
	lookCup
	lookBowl
	lookPlate
	lookPan
	lookPot
	lookKnife
	lookSpoon
	lookBoard
	lookCable
	lookPhone
	lookTablet
	lookSlab // power banks, routers, flat electronics
	lookEarphone
	lookHeadphone
	lookSpeaker
	lookStand
	lookMouse
	lookKeyboard
	lookCamera
	lookWatch
	lookLamp
	lookBulb
	lookFan
	lookKettle
	lookDryer
	lookPlug
	lookChair
	lookTable
	lookShelf
	lookSofa
	lookBasket
	lookBin
	lookHook
	lookPillow
	lookBlanket
	lookTowel
	lookCurtain
	lookMat
	lookMirror
	lookClock
	lookFrame
	lookVase
	lookCandle
	lookPlant
	lookLipstick
	lookBrush
	lookJar
	lookTube
	lookComb
	lookRing
	lookNecklace
	lookBracelet
	lookEarring
	lookHairclip
	lookGlasses
	lookPetBed
	lookBone
	lookLeash
	lookFish
	lookBook
	lookPen
	lookTape
	lookScissors
	lookBlocks
	lookPlush
	lookDoll
	lookToyCar
	lookPuzzle
	lookKite
	lookBalloon
	lookBall
	lookRacket
	lookTent
	lookDumbbell
	lookRope
	lookBicycle
	lookRod
	lookUmbrella
	lookWrench
	lookDrill
	lookScrewdriver
	lookScrew
	lookLock
	lookWheel
	lookSeat
	lookPump
	lookBaby // bottles with a teat, bibs, pacifiers
	lookStroller
	looks // how many there are
)

const lookNameList = `box dress shirt tee trousers shorts skirt coat briefs bra sock hat scarf glove belt tie romper sneaker boot sandal heel backpack handbag
wallet suitcase pouch bottle cup bowl plate pan pot knife spoon board cable phone tablet slab earphone headphone speaker stand mouse keyboard camera watch
lamp bulb fan kettle dryer plug chair table shelf sofa basket bin hook pillow blanket towel curtain mat mirror clock frame vase candle plant lipstick brush
jar tube comb ring necklace bracelet earring hairclip glasses petbed bone leash fish book pen tape scissors blocks plush doll toycar puzzle kite balloon ball
racket tent dumbbell rope bicycle rod umbrella wrench drill screwdriver screw lock wheel seat pump baby stroller`

var lookNames = strings.Fields(lookNameList)

func (l look) String() string { return lookNames[l] }

// lookNamed reads the word tables; an unknown name is a mistake in them.
func lookNamed(name string) look {
	i := slices.Index(lookNames, name)
	if i < 0 {
		panic("sandbox: unknown look " + name)
	}
	return look(i)
}

// look is what the offer's pictures show.
func (o *offer) look() look { return words().nouns[o.noun].look }
