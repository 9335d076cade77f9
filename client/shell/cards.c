#include "client/shell/cards.h"

#include <string.h>

#include "common/base/text.h"

struct kind_row {
    const char *name;
    enum card_kind kind;
    enum card_colour colour;
    char letter; /* on the label */
};

static const struct kind_row kinds[] = {
    {"white", CARD_MASTER, CARD_WHITE, 'W'}, {"red", CARD_USER, CARD_RED, 'R'},      {"green", CARD_USER, CARD_GREEN, 'G'},
    {"blue", CARD_USER, CARD_BLUE, 'B'},     {"setup", CARD_SETUP, CARD_PLAIN, 'S'}, {"user", CARD_USER, CARD_PLAIN, 'U'},
};

/* One word, KIND:UID. */
static enum rc read_card(const char *word, struct card *out)
{
    const char *colon = strchr(word, ':');

    for (size_t i = 0; colon != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i].name);

        if (len == (size_t)(colon - word) && memcmp(kinds[i].name, word, len) == 0) {
            *out = (struct card){.kind = kinds[i].kind, .colour = kinds[i].colour, .is_local = true};
            return card_uid_parse(colon + 1, &out->uid);
        }
    }
    return RC_RANGE;
}

enum rc cards_read(const char *text, struct client_params *params)
{
    struct card cards[CLIENT_FACTORY_MAX];
    uint8_t n = 0;
    char word[64];

    for (const char *at = text + strspn(text, " "); *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");

        if (len >= sizeof word || n == CLIENT_FACTORY_MAX) {
            return RC_RANGE;
        }
        memcpy(word, at, len);
        word[len] = '\0';
        if (read_card(word, &cards[n]) != RC_OK) {
            return RC_RANGE;
        }
        n++;
        at += len;
    }
    memcpy(params->factory, cards, n * sizeof cards[0]);
    params->factory_n = n;
    return RC_OK;
}

static char letter_of(const struct card *card)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == card->kind && kinds[i].colour == card->colour) {
            return kinds[i].letter;
        }
    }
    return '?';
}

void cards_print(const struct client_params *params, FILE *to)
{
    for (uint8_t i = 0; i < params->factory_n; i++) {
        char uid[CARD_TEXT_LEN];

        card_uid_text(&params->factory[i].uid, uid);
        (void)fprintf(to, "# RFID-%d %c %s\n", i + 1, letter_of(&params->factory[i]), uid);
    }
}
