"""Domains at which anybody can get an e-mail address, so that no organization can speak for them.

A list of our own: who has an address of these is millions of people. It need not be complete, since nobody can make a
record in the DNS of such a domain but its host; it is here for the one who vouches for a domain on the command line,
and so that whoever tries is told why.
"""

_PLAIN = """
gmail.com googlemail.com
icloud.com me.com mac.com
aol.com aim.com aol.de aol.fr aol.co.uk verizon.net
proton.me protonmail.com protonmail.ch pm.me
zohomail.com zohomail.eu zoho.com
fastmail.com fastmail.fm hey.com tutanota.com tutanota.de tuta.io tuta.com tutamail.com keemail.me
mail.com email.com usa.com post.com europe.com consultant.com engineer.com
gmx.com gmx.net gmx.de gmx.at gmx.ch gmx.us gmx.fr gmx.co.uk web.de freenet.de t-online.de arcor.de posteo.de posteo.net
mailbox.org
orange.fr wanadoo.fr free.fr sfr.fr laposte.net bbox.fr neuf.fr
libero.it virgilio.it alice.it tiscali.it tin.it
wp.pl o2.pl onet.pl interia.pl op.pl gazeta.pl
seznam.cz email.cz centrum.cz post.cz azet.sk centrum.sk
mail.ru bk.ru inbox.ru list.ru internet.ru yandex.ru yandex.com ya.ru yandex.by yandex.kz yandex.ua rambler.ru ukr.net
abv.bg freemail.hu citromail.hu inbox.lv
qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn 21cn.com aliyun.com
naver.com hanmail.net daum.net nate.com
docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp excite.co.jp
rediffmail.com
uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com zipmail.com.br oi.com.br superig.com.br
sapo.pt telefonica.net
comcast.net xfinity.com att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com netzero.net
shaw.ca rogers.com sympatico.ca telus.net
btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk
bigpond.com bigpond.net.au optusnet.com.au xtra.co.nz
ziggo.nl kpnmail.nl planet.nl xs4all.nl hetnet.nl telenet.be skynet.be
hushmail.com lavabit.com runbox.com disroot.org riseup.net cock.li duck.com simplelogin.com mozmail.com
mailinator.com guerrillamail.com 10minutemail.com yopmail.com temp-mail.org sharklasers.com trashmail.com
dispostable.com
"""

# Hosts that have their name under many countries.
_EVERYWHERE = {
    "yahoo": """com ca co.uk co.in co.id co.jp co.kr co.nz co.th co.za com.ar com.au com.br com.cn com.co com.hk com.mx
        com.my com.ph com.sg com.tr com.tw com.vn de dk es fr gr ie in it nl no pl ro se""",
    "ymail": "com",
    "rocketmail": "com",
    "myyahoo": "com",
    "hotmail": """com be ca ch cl co.il co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.hk com.mx com.tr
        com.tw com.vn cz de dk es fi fr gr hu it lt lv my nl no ph pt rs se sg sk""",
    "live": """com at be ca cl cn co.kr co.uk co.za com.ar com.au com.mx com.my com.ph com.pt com.sg de dk fi fr hk ie
        in it jp nl no ru se""",
    "outlook": """com at be cl co co.id co.il co.nz co.th com.ar com.au com.br com.gr com.pe com.tr com.vn cz de dk es
        fr hu ie in it jp kr lv my ph pt sa sg sk""",
    "msn": "com",
    "windowslive": "com",
}

PUBLIC_MAIL = frozenset(_PLAIN.split()) | {
    f"{name}.{suffix}" for name, suffixes in _EVERYWHERE.items() for suffix in suffixes.split()
}
