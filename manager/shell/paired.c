#include "manager/shell/paired.h"

#include "common/os/log.h"
#include "manager/shell/change.h"

static void done(struct store_order *order, enum rc rc)
{
    struct change *change = (struct change *)order;
    struct paired *p = change->owner;

    if (rc == RC_OK) {
        trust_refresh(p->trust); /* it will be back before the kernel tells of the file */
    }
    pairing_stored(p->pairing, change->subject, change->key, rc == RC_OK);
    peers_end_pairing(p->peers, change->key);
    change_free(change);
}

void paired_store(void *user, const char *serial, const uint8_t key[IDENTITY_HASH_LEN])
{
    struct paired *p = user;
    struct change *change = *p->store != NULL ? change_paired(p->dir, serial, key) : NULL;

    if (change == NULL) {
        log_err("not_paired serial=%s why=\"no memory\"", serial);
        return; /* it asks again */
    }
    change->order.done = done;
    change->owner = p;
    store_order(*p->store, &change->order);
}
