/* The part of raylib's interface that pong.h mentions, doing nothing: here nothing is drawn. */
#ifndef PUFFER_PONG_RAYLIB_H
#define PUFFER_PONG_RAYLIB_H

typedef struct Color {
    unsigned char r, g, b, a;
} Color;

typedef struct Vector2 {
    float x, y;
} Vector2;

typedef struct Rectangle {
    float x, y, width, height;
} Rectangle;

typedef struct Texture2D {
    unsigned int id;
} Texture2D;

#define WHITE ((Color){255, 255, 255, 255})
#define KEY_ESCAPE 256

static inline void InitWindow(int width, int height, const char *title) {
    (void)width, (void)height, (void)title;
}

static inline void CloseWindow(void) {}

static inline void SetTargetFPS(int rate) {
    (void)rate;
}

static inline int IsKeyDown(int key) {
    (void)key;
    return 0;
}

static inline void BeginDrawing(void) {}

static inline void EndDrawing(void) {}

static inline void ClearBackground(Color color) {
    (void)color;
}

static inline Texture2D LoadTexture(const char *path) {
    (void)path;
    return (Texture2D){0};
}

static inline void DrawRectangle(int x, int y, int width, int height, Color color) {
    (void)x, (void)y, (void)width, (void)height, (void)color;
}

static inline void DrawTexturePro(
    Texture2D texture, Rectangle source, Rectangle target, Vector2 origin, float rotation, Color tint
) {
    (void)texture, (void)source, (void)target, (void)origin, (void)rotation, (void)tint;
}

static inline void DrawText(const char *text, int x, int y, int size, Color color) {
    (void)text, (void)x, (void)y, (void)size, (void)color;
}

static inline int MeasureText(const char *text, int size) {
    (void)text, (void)size;
    return 0;
}

static inline const char *TextFormat(const char *format, ...) {
    return format;
}

#endif
