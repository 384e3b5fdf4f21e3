; Falling blocks: a game for learning, with its reward in RAM.
;
; The well is 10 x 16. Left and right move the piece, A and B turn it, down lowers it by one row, up drops it.
; A piece that lands scores 1; 1, 2, 3, 4 full rows score 10, 30, 60, 100 more. When the next piece does not fit,
; wOver is set, and half a second later START begins anew.
;
; The timer drives gravity, the STAT interrupt ends the moving band on top, a window shows score and next piece,
; the pieces are objects of 8 x 16 pixels, and two banks of an MBC5 hold shapes and pictures.

WIDTH equ 10
HEIGHT equ 16
REST equ 30          ; a step of the environment is shorter: no game ends and begins anew within one
GRAVITY equ 6        ; interrupts of the timer for each row: 22 frames
OBJECTS equ $c300    ; copied to OAM in VBlank
BOARD equ $c100      ; 16 rows of 16 bytes, of which 10 are used; 0 is empty

    ramorg $c000
wScore: ds 2         ; what the player has scored, low byte first
wLines: ds 1         ; full rows that were removed
wOver: ds 1          ; 1 once the next piece did not fit
wShape: ds 1
wTurn: ds 1
wX: ds 1             ; column of the left side of the piece's box, -2 to 9
wY: ds 1
wNext: ds 1
wSeed: ds 2          ; of the pieces' generator, never 0
wFrames: ds 1
wSeen: ds 1
wTicks: ds 1
wHeld: ds 1          ; buttons: right, left, up, down, A, B, select, start from bit 0 on
wPressed: ds 1
wRow: ds 1           ; of the board, drawn next
wDigits: ds 2        ; the score in decimal, low byte first
wTile: ds 1
wTryX: ds 1
wTryY: ds 1
wTryTurn: ds 1
wCount: ds 1
wRest: ds 1          ; frames for which START is not heard, once a game is over

    org $0040
    jp vblank
    org $0048
    jp stat
    org $0050
    jp timer

    org $0100
    nop
    jp start

    org $0150
start:
    di
    ld sp, $dffe
    call wait_for_vblank
    xor a
    ldh [$ff40], a
    ld hl, $c000
    ld bc, $0400
    call clear
    ld hl, $8000
    ld bc, $2000
    call clear
    ld hl, $fe00
    ld bc, $00a0
    call clear
    call load_pictures
    call draw_frame
    ld hl, dma_routine
    ld de, $ff80
    ld b, dma_end - dma_routine
.copy:
    ld a, [hl+]
    ld [de], a
    inc de
    dec b
    jr nz, .copy
    ld a, $e4
    ldh [$ff47], a
    ldh [$ff48], a
    ld a, $d2
    ldh [$ff49], a
    ld a, 8
    ldh [$ff45], a       ; LYC: the band is eight lines high
    ldh [$ff4a], a       ; WY
    ld a, 111
    ldh [$ff4b], a       ; WX
    ld a, $40
    ldh [$ff41], a
    ld a, 4
    ldh [$ff07], a       ; 4,096 Hz, of which 256 make an interrupt
    ld a, $a7
    ld [wSeed], a
    ld a, $3c
    ld [wSeed + 1], a
    call new_game
    ld a, $f7            ; LCD, window with the second map, objects of 8 x 16
    ldh [$ff40], a
    xor a
    ldh [$ff0f], a
    ld a, 7
    ldh [$ffff], a
    ei

main:
    halt
    nop
    ld a, [wFrames]
    ld hl, wSeen
    cp [hl]
    jr z, main
    ld [hl], a
    call read_buttons
    ld a, [wOver]
    or a
    jr nz, .over
    call control
    call gravity
    call place_objects
    jr main
.over:
    ld hl, wRest
    ld a, [hl]
    or a
    jr z, .rested
    dec [hl]
    jr main
.rested:
    ld a, [wPressed]
    bit 7, a
    call nz, new_game
    jr main

; --- interrupts ---------------------------------------------------------------------------------------------------

vblank:
    push af
    push bc
    push de
    push hl
    call $ff80
    ld hl, wFrames
    inc [hl]
    ld a, [hl]
    ldh [$ff43], a       ; the band moves
    call draw_rows
    call draw_score
    pop hl
    pop de
    pop bc
    pop af
    reti

stat:
    push af
    xor a
    ldh [$ff43], a       ; the well does not move
    pop af
    reti

timer:
    push hl
    ld hl, wTicks
    inc [hl]
    pop hl
    reti

dma_routine:
    ld a, high(OBJECTS)
    ldh [$ff46], a
    ld a, 40
.wait:
    dec a
    jr nz, .wait
    ret
dma_end:

; --- the game -----------------------------------------------------------------------------------------------------

new_game:
    ld hl, BOARD
    ld bc, $0100
    call clear
    xor a
    ld [wScore], a
    ld [wScore + 1], a
    ld [wDigits], a
    ld [wDigits + 1], a
    ld [wLines], a
    ld [wOver], a
    ld [wTicks], a
    call random_shape
    ld [wNext], a

spawn:
    ld a, [wNext]
    ld [wShape], a
    call random_shape
    ld [wNext], a
    ld a, 3
    ld [$2000], a        ; the bank of pictures knows each shape's tile
    ld a, [wShape]
    ld hl, tiles_of_shapes
    add a, l
    ld l, a
    ld a, [hl]
    ld [wTile], a
    ld a, 2
    ld [$2000], a
    ld a, 3
    ld [wX], a
    ld [wTryX], a
    xor a
    ld [wY], a
    ld [wTryY], a
    ld [wTurn], a
    ld [wTryTurn], a
    call fits
    ret z
    ld a, 1
    ld [wOver], a
    ld a, REST
    ld [wRest], a
    ret

control:
    ld a, [wPressed]
    ld b, a
    bit 0, b
    ld c, 1
    call nz, shift
    bit 1, b
    ld c, -1
    call nz, shift
    bit 4, b
    ld c, 1
    call nz, turn
    bit 5, b
    ld c, 3
    call nz, turn
    bit 3, b
    call nz, lower
    bit 2, b
    ret z
.drop:
    call lower
    jr nc, .drop
    ret

gravity:
    ld hl, wTicks
    ld a, [hl]
    cp GRAVITY
    ret c
    ld [hl], 0

; Moves the piece down by a row, or lets it land: then carry is set.
lower:
    push bc
    call try_same
    ld hl, wTryY
    inc [hl]
    call fits
    jr nz, .land
    ld hl, wY
    inc [hl]
    pop bc
    or a
    ret
.land:
    call land
    pop bc
    ld b, 0              ; buttons were meant for the piece that is gone
    scf
    ret

; Moves the piece by C columns if it fits there.
shift:
    push bc
    call try_same
    ld a, [wTryX]
    add a, c
    ld [wTryX], a
    call fits
    pop bc
    ret nz
    ld a, [wTryX]
    ld [wX], a
    ret

; Turns the piece by C quarters if it fits.
turn:
    push bc
    call try_same
    ld a, [wTryTurn]
    add a, c
    and 3
    ld [wTryTurn], a
    call fits
    pop bc
    ret nz
    ld a, [wTryTurn]
    ld [wTurn], a
    ret

try_same:
    ld a, [wX]
    ld [wTryX], a
    ld a, [wY]
    ld [wTryY], a
    ld a, [wTurn]
    ld [wTryTurn], a
    ret

; HL: the four cells of the piece, turned by A quarters.
cells:
    add a, a
    add a, a
    ld e, a
    ld a, [wShape]
    swap a
    add a, e
    ld l, a
    ld h, $40
    ret

; Z where the piece fits at wTryX, wTryY, wTryTurn.
fits:
    ld a, [wTryTurn]
    call cells
    ld b, 4
.cell:
    ld a, [hl+]
    ld c, a
    and 15
    ld d, a
    ld a, [wTryX]
    add a, d
    cp WIDTH
    jr nc, .no
    ld d, a
    ld a, c
    swap a
    and 15
    ld e, a
    ld a, [wTryY]
    add a, e
    cp HEIGHT
    jr nc, .no
    swap a
    add a, d
    ld e, a
    ld d, high(BOARD)
    ld a, [de]
    or a
    ret nz
    dec b
    jr nz, .cell
    ret
.no:
    or 1
    ret

; Makes the piece a part of the board, removes full rows, and takes the next piece.
land:
    ld a, [wTurn]
    call cells
    ld b, 4
.cell:
    ld a, [hl]
    and 15
    ld d, a
    ld a, [wX]
    add a, d
    ld d, a
    ld a, [hl+]
    swap a
    and 15
    ld e, a
    ld a, [wY]
    add a, e
    swap a
    add a, d
    ld e, a
    ld d, high(BOARD)
    ld a, [wTile]
    ld [de], a
    dec b
    jr nz, .cell
    ld a, 1
    call score
    call remove_rows
    jp spawn

remove_rows:
    xor a
    ld [wCount], a
    ld c, HEIGHT - 1
.row:
    ld a, c
    swap a
    ld l, a
    ld h, high(BOARD)
    ld b, WIDTH
.cell:
    ld a, [hl+]
    or a
    jr z, .next
    dec b
    jr nz, .cell
    ld hl, wCount
    inc [hl]
    ld hl, wLines
    inc [hl]
    call pull_down
    jr .row
.next:
    dec c
    bit 7, c
    jr z, .row
    ld a, [wCount]
    or a
    ret z
    ld hl, rewards - 1
    add a, l
    ld l, a
    ld a, [hl]

; Adds A, a decimal number of up to 99, to the score; 0 stands for 100.
score:
    or a
    jr nz, .add
    ld a, $50
    call .add
    ld a, $50
.add:
    ld d, a
    ld hl, wDigits
    add a, [hl]
    daa
    ld [hl+], a
    ld a, [hl]
    adc a, 0
    daa
    ld [hl], a
    ld a, d              ; from decimal to binary: tens * 10 + ones
    swap a
    and 15
    ld e, a
    add a, a
    add a, a
    add a, e
    add a, a
    ld e, a
    ld a, d
    and 15
    add a, e
    ld hl, wScore
    add a, [hl]
    ld [hl+], a
    ret nc
    inc [hl]
    ret

rewards:
    db $10, $30, $60, 0

; Moves all rows above row C down by one.
pull_down:
    push bc
    ld a, c
    swap a
    ld e, a
    ld d, high(BOARD)
.row:
    ld a, e
    and $f0
    jr z, .top
    ld e, a
    sub 16
    ld l, a
    ld h, d
    ld b, WIDTH
.cell:
    ld a, [hl+]
    ld [de], a
    inc e
    dec b
    jr nz, .cell
    ld a, e
    and $f0
    sub 16
    ld e, a
    jr .row
.top:
    ld h, d
    ld l, 0
    ld b, WIDTH
    xor a
.blank:
    ld [hl+], a
    dec b
    jr nz, .blank
    pop bc
    ret

; A: a shape of 0 to 6, by a shift register of sixteen bits.
random_shape:
    ld hl, wSeed
    ld c, [hl]
    inc hl
    ld b, [hl]
    ld d, 5
.bit:
    srl b
    rr c
    jr nc, .even
    ld a, b
    xor $b4
    ld b, a
.even:
    dec d
    jr nz, .bit
    ld [hl], b
    dec hl
    ld [hl], c
    ld a, c
    and 7
    cp 7
    jr z, random_shape
    ret

read_buttons:
    ld a, $20
    ldh [$ff00], a
    ldh a, [$ff00]
    cpl
    and 15
    ld b, a
    ld a, $10
    ldh [$ff00], a
    ldh a, [$ff00]
    cpl
    and 15
    swap a
    or b
    ld b, a
    ld hl, wHeld
    ld a, [hl]
    cpl
    and b
    ld [hl], b
    inc hl
    ld [hl], a
    ld a, $30
    ldh [$ff00], a
    ret

; --- pictures -----------------------------------------------------------------------------------------------------

place_objects:
    ld a, [wTurn]
    call cells
    ld de, OBJECTS
    ld a, [wX]
    add a, a
    add a, a
    add a, a
    add a, 24            ; the well begins at column 2
    ld b, a
    ld a, [wY]
    add a, a
    add a, a
    add a, a
    add a, 24
    ld c, a
    call .four
    ld a, [wNext]
    swap a
    ld l, a
    ld b, 128
    ld c, 72
.four:
    push hl
    ld h, 4
    ld a, h
    ld [wCount], a
    pop hl
.cell:
    ld a, [hl]
    swap a
    and 15
    add a, a
    add a, a
    add a, a
    add a, c
    ld [de], a
    inc e
    ld a, [hl+]
    and 15
    add a, a
    add a, a
    add a, a
    add a, b
    ld [de], a
    inc e
    ld a, 32
    ld [de], a
    inc e
    xor a
    ld [de], a
    inc e
    ld a, [wCount]
    dec a
    ld [wCount], a
    jr nz, .cell
    ret

; Four rows of the board, other ones each frame.
draw_rows:
    ld a, [wRow]
    ld b, 4
.row:
    push af
    swap a
    ld e, a
    ld d, high(BOARD)
    ld l, a
    ld h, 0
    add hl, hl
    ld a, l
    add a, $22
    ld l, a
    ld a, h
    adc a, $98
    ld h, a
    ld c, WIDTH
.cell:
    ld a, [de]
    ld [hl+], a
    inc e
    dec c
    jr nz, .cell
    pop af
    inc a
    dec b
    jr nz, .row
    and 15
    ld [wRow], a
    ret

draw_score:
    ld hl, $9c24
    ld de, wDigits
    call .two
    inc de
.two:
    ld a, [de]
    call .digit
    ld a, [de]
    swap a
.digit:
    and 15
    add a, 16
    ld [hl-], a
    ret

; Walls, the band, and the window's ground.
draw_frame:
    ld hl, $9800
    ld b, 32
    ld a, 9
.band:
    ld [hl+], a
    xor 3                ; tiles 9 and 10 in turn
    dec b
    jr nz, .band
    ld c, 17
    ld hl, $9821
.wall:
    ld a, 8
    ld [hl], a
    ld de, 11
    add hl, de
    ld [hl], a
    ld de, 21
    add hl, de
    dec c
    jr nz, .wall
    ld hl, $9a21
    ld b, 12
.floor:
    ld [hl+], a
    dec b
    jr nz, .floor
    ld hl, $9c00
    ld c, 20
.side:
    ld [hl], a
    ld de, 32
    add hl, de
    dec c
    jr nz, .side
    ret

load_pictures:
    ld a, 3
    ld [$2000], a
    ld hl, pictures
    ld de, $8010
    ld bc, pictures_end - pictures
    call copy
    ld hl, digits
    ld de, $8100
    ld b, digits_end - digits
.row:
    ld a, [hl+]
    ld [de], a
    inc de
    ld [de], a
    inc de
    dec b
    jr nz, .row
    ld hl, pictures
    ld de, $8200         ; the upper half of the pieces' objects; the lower half stays blank
    ld bc, 16
    call copy
    ld a, 2
    ld [$2000], a
    ret

copy:
    ld a, [hl+]
    ld [de], a
    inc de
    dec bc
    ld a, b
    or c
    jr nz, copy
    ret

clear:
    xor a
    ld [hl+], a
    dec bc
    ld a, b
    or c
    jr nz, clear
    ret

wait_for_vblank:
    ldh a, [$ff44]
    cp 144
    jr nz, wait_for_vblank
    ret

; --- data ---------------------------------------------------------------------------------------------------------

    org 2, $4000         ; four cells for each quarter turn: row in the upper half of a byte, column in the lower
shapes:
    db $10, $11, $12, $13, $02, $12, $22, $32, $20, $21, $22, $23, $01, $11, $21, $31  ; I
    db $01, $02, $11, $12, $01, $02, $11, $12, $01, $02, $11, $12, $01, $02, $11, $12  ; O
    db $01, $10, $11, $12, $01, $11, $12, $21, $10, $11, $12, $21, $01, $10, $11, $21  ; T
    db $01, $02, $10, $11, $01, $11, $12, $22, $11, $12, $20, $21, $00, $10, $11, $21  ; S
    db $00, $01, $11, $12, $02, $11, $12, $21, $10, $11, $21, $22, $01, $10, $11, $20  ; Z
    db $00, $10, $11, $12, $01, $02, $11, $21, $10, $11, $12, $22, $01, $11, $20, $21  ; J
    db $02, $10, $11, $12, $01, $11, $21, $22, $10, $11, $12, $20, $00, $01, $11, $21  ; L

    org 3, $4000
tiles_of_shapes:
    db 1, 2, 3, 4, 5, 6, 7
pictures:                ; tiles 1 to 10
    db $ff, $ff, $81, $ff, $bd, $c3, $a5, $db, $a5, $db, $bd, $c3, $81, $ff, $ff, $ff
    db $ff, $ff, $ff, $81, $ff, $81, $ff, $81, $ff, $81, $ff, $81, $ff, $81, $ff, $ff
    db $ff, $ff, $81, $81, $99, $99, $bd, $bd, $bd, $bd, $99, $99, $81, $81, $ff, $ff
    db $ff, $ff, $81, $ff, $81, $ff, $81, $ff, $81, $ff, $81, $ff, $81, $ff, $ff, $ff
    db $ff, $ff, $c3, $c3, $a5, $a5, $99, $99, $99, $99, $a5, $a5, $c3, $c3, $ff, $ff
    db $ff, $ff, $ff, $ff, $c3, $ff, $c3, $ff, $c3, $ff, $c3, $ff, $ff, $ff, $ff, $ff
    db $ff, $ff, $ab, $d5, $d5, $ab, $ab, $d5, $d5, $ab, $ab, $d5, $d5, $ab, $ff, $ff
    db $ff, $00, $ff, $00, $e7, $18, $e7, $18, $e7, $18, $e7, $18, $ff, $00, $ff, $00
    db $18, $00, $3c, $18, $7e, $3c, $ff, $7e, $ff, $7e, $7e, $3c, $3c, $18, $18, $00
    db $00, $00, $00, $00, $18, $00, $3c, $18, $3c, $18, $18, $00, $00, $00, $00, $00
pictures_end:
digits:                  ; tiles 16 to 25, one byte for each line
    db $00, $3c, $66, $66, $66, $66, $3c, $00, $00, $18, $38, $18, $18, $18, $3c, $00
    db $00, $3c, $66, $0c, $18, $30, $7e, $00, $00, $3c, $66, $1c, $06, $66, $3c, $00
    db $00, $0c, $1c, $3c, $6c, $7e, $0c, $00, $00, $7e, $60, $7c, $06, $66, $3c, $00
    db $00, $3c, $60, $7c, $66, $66, $3c, $00, $00, $7e, $06, $0c, $18, $18, $18, $00
    db $00, $3c, $66, $3c, $66, $66, $3c, $00, $00, $3c, $66, $3e, $06, $0c, $38, $00
digits_end:
