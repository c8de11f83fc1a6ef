dsn-failed = Votre message n’a pas pu être remis
dsn-delayed = Votre message est encore en route
dsn-delivered = Votre message a été remis
dsn-relayed = Votre message a été transmis
dsn-said = { $server } a répondu :
dsn-why-delivered = Il est dans la boîte aux lettres.
dsn-why-full = La boîte aux lettres est pleine.
dsn-why-refused = Le destinataire ne l’a pas accepté.
dsn-why-operator = Un opérateur du nœud l’a retiré de la file d’attente.
dsn-why-delayed = Le chemin est fermé depuis plus longtemps que d’habitude. Les essais continuent ; vous n’avez rien à faire.
dsn-why-next-refused = Le serveur de courrier auquel il a été remis l’a refusé.
dsn-why-expired = Le serveur de courrier auquel il a été remis ne l’a pas accepté pendant cinq jours.
dsn-why-relayed = Il a été remis à un serveur de courrier qui n’enverra peut-être plus de rapport.
held-subject = { $list } : { $n ->
    [one] un message vous attend
   *[other] { $n } messages vous attendent
    }
held-text = Des messages à la liste { $list } attendent un modérateur. Laissez-les passer ou jetez-les ici :
held-once = Cet avis vient au plus une fois par jour.
waits-text = Votre message à la liste { $list } attend un modérateur. Une fois accepté, tous les membres le recevront. Vous n’avez rien à faire.
