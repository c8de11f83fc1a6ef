setup-title = Programmes de courrier
setup-intro = Chaque appareil a son propre mot de passe, que vous pouvez révoquer sans toucher aux autres. Dites comment s’appelle l’appareil :
setup-device = Appareil ou programme
setup-device-hint = Par exemple « téléphone » ou « Thunderbird au travail ».
setup-device-empty = Dites comment s’appelle l’appareil.
setup-too-many = Vous avez déjà { $shown } mots de passe d’appareils : révoquez-en un qui ne sert plus.
setup-make = Créer un mot de passe
setup-made = Mot de passe pour { $s }
setup-once = Il n’est montré que cette fois. Copiez-le dans le programme de courrier ou scannez le code ; inutile de le retenir.
setup-scan = Dans Delta Chat, choisissez un autre serveur puis de scanner un code ; scannez celui-ci. Sur cet appareil même, touchez-le.
setup-code = Code QR pour Delta Chat
setup-profile = Obtenir le profil avec ce mot de passe
setup-profile-plain = Profil sans mot de passe
setup-profile-why = Le profil apporte le compte, le mot de passe et le certificat de ce nœud.
setup-off = Ce nœud n’écoute pas les programmes de courrier en ce moment. Demandez à qui s’en occupe.
setup-servers = Réglages
setup-address = Adresse
setup-user = Nom d’utilisateur
setup-password = Mot de passe
setup-password-is = celui créé ici pour l’appareil ; jamais celui avec lequel vous vous connectez
setup-host = Serveur
setup-port = Port
setup-security = Sécurité
setup-incoming = Entrant
setup-outgoing = Sortant
setup-first = S’il y en a plusieurs, le premier est le meilleur.
setup-trust = Le certificat est celui du nœud lui-même : les programmes posent la question tant que l’appareil ne fait pas confiance au nœud.
setup-trust-link = Comment lui faire confiance
setup-programs = Pas à pas
setup-thunderbird = Choisissez d’ajouter un compte de courrier et donnez votre nom, { $s } et le mot de passe ci-dessus. Si Thunderbird ne trouve pas les réglages lui-même, choisissez la configuration manuelle et copiez le tableau. S’il avertit du certificat, comparez l’empreinte et confirmez.
setup-apple = Ouvrez cette page sur l’appareil, créez un mot de passe et obtenez le profil. Installez-le ensuite : sur un iPhone ou iPad dans Réglages, Général, VPN et gestion de l’appareil ; sur un Mac dans Réglages Système, Gestion des appareils. Sur un iPhone ou iPad, activez enfin le certificat dans Réglages, Général, Informations, Réglages de confiance des certificats.
setup-android = Donnez l’adresse et le mot de passe, choisissez IMAP et la configuration manuelle, et copiez le tableau. Quand le programme montre le certificat, comparez l’empreinte et acceptez.
setup-outlook = Faites d’abord confiance au certificat du nœud dans Windows. Ajoutez ensuite un compte, choisissez de le configurer à la main, choisissez IMAP et copiez le tableau.
setup-delta = Créez un mot de passe ci-dessus et scannez le code : il n’y a rien à taper. Pour voir aussi le courrier des programmes ordinaires, désactivez dans les réglages du compte l’affichage des seuls messages chiffrés.
setup-delta-ascii = Delta Chat n’accepte que des adresses en lettres latines sans accents. Demandez une seconde adresse à qui s’occupe de ce nœud.
setup-mutt = Enregistrez le certificat du nœud sous lampion-ca.crt dans votre dossier personnel, et mettez ceci dans ~/.muttrc :
setup-devices = Appareils
setup-no-devices = Aucun pour l’instant.
setup-never-used = jamais utilisé
setup-used = dernière utilisation le { $s }
setup-revoke = Révoquer
setup-keep = Ce que les programmes effacent
setup-keep-why = Certains programmes effacent les messages du serveur dès qu’ils les ont relevés. Le nœud peut les garder un temps là où vous seul les trouvez : dans « Gardés », dans le navigateur.
setup-keep-days = Garder les messages effacés
setup-keep-not = pas du tout
setup-days = { $n ->
    [one] { $shown } jour
   *[other] { $shown } jours
    }
setup-dns = Pour qui tient le DNS
setup-dns-why = Avec ces enregistrements dans la zone du domaine du nœud, les programmes de courrier trouvent les réglages eux-mêmes (RFC 6186).
transfer-title = Courrier : entrées et sorties
transfer-jobs = En cours et terminé
transfer-from-server = Depuis un autre serveur
transfer-from-files = Depuis des fichiers
transfer-queued = en attente
transfer-running = en cours
transfer-done = terminé
transfer-ended = arrêté par un problème
transfer-cancelled = annulé
transfer-taken = { $n ->
    [one] { $shown } message repris
   *[other] { $shown } messages repris
    }
transfer-failed = { $n ->
    [one] { $shown } n’a pas pu être repris
   *[other] { $shown } n’ont pas pu être repris
    }
transfer-cancel = Annuler
transfer-look = Regarder de nouveau
transfer-out = Tout emporter
transfer-have = { $n ->
    [one] Vous avez { $shown } message
   *[other] Vous avez { $shown } messages
    }
transfer-out-why = Toutes vos boîtes dans une archive, à tout moment : en Maildir (avec dossiers, marques et dates ; mutt, Dovecot et d’autres le lisent) ou en mbox (un fichier par boîte, que Thunderbird et Apple Mail importent).
transfer-server = Depuis un autre serveur
transfer-server-why = Toutes les boîtes sont copiées avec leurs marques et leurs dates. Rien ne change là-bas. Si la ligne est coupée, cela reprend tout seul ; si vous recommencez plus tard, seul le nouveau est repris.
transfer-host = Serveur (IMAP)
transfer-secure = Sécurité
transfer-plain = aucune (seulement dans un réseau de confiance)
transfer-port = Port
transfer-port-hint = Seulement si ce n’est pas le port habituel.
transfer-user = Nom d’utilisateur là-bas
transfer-password = Mot de passe là-bas
transfer-password-hint = Gardé scellé jusqu’à ce que tout soit arrivé, puis oublié.
transfer-trusted = Empreinte de son certificat
transfer-trusted-hint = Seulement si le certificat est celui du serveur lui-même ; le message du problème la donne.
transfer-begin = Commencer
transfer-files = Depuis des fichiers
transfer-files-why = Fichiers au format mbox (comme ceux de Thunderbird), messages seuls (.eml) ou .tar d’un Maildir.
transfer-mailbox = Dans cette boîte
transfer-mailbox-hint = Vide : les boîtes portent les noms des fichiers et dossiers.
transfer-choose = Fichiers
transfer-incomplete = Il faut le serveur et le nom d’utilisateur ; le port est un nombre.
