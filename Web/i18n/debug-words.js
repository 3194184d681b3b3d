/** The words of the page for debugging, apart from the catalogues: nobody else loads them. */

import { currentLanguage } from './t.js';

const en = {
  title: 'A page for looking for faults.',
  warning: 'Whoever uses it can break their own call here. If somebody sent you this link, you do not need it:',
  leave: 'Open the page without it',
  faults: 'Faults',
  seconds: 'Seconds',
  signalling: 'Drop the server',
  media: 'Send no picture and voice',
  page: 'Freeze the page',
  ice: 'Fail the connections',
  relay: 'Relay only',
  udp: 'No UDP',
  bitrate: 'kbit/s',
  throttle: 'Throttle',
};

/** @type {Record<string, typeof en>} */
const all = {
  en,
  de: {
    title: 'Eine Seite zur Fehlersuche.',
    warning: 'Wer sie benutzt, kann hier das eigene Gespräch stören. Hat Ihnen jemand diesen Link geschickt, brauchen Sie sie nicht:',
    leave: 'Die Seite ohne sie öffnen',
    faults: 'Störungen',
    seconds: 'Sekunden',
    signalling: 'Server abtrennen',
    media: 'Kein Bild und keinen Ton senden',
    page: 'Seite einfrieren',
    ice: 'Verbindungen scheitern lassen',
    relay: 'Nur über den Server',
    udp: 'Kein UDP',
    bitrate: 'kbit/s',
    throttle: 'Drosseln',
  },
  ar: {
    title: 'صفحة للبحث عن الأعطال.',
    warning: 'يمكن لمن يستخدمها أن يُعطّل مكالمته هنا. إن أرسل إليك أحدهم هذا الرابط فلست بحاجة إليها:',
    leave: 'فتح الصفحة من دونها',
    faults: 'الأعطال',
    seconds: 'ثوانٍ',
    signalling: 'قطع الخادم',
    media: 'إيقاف إرسال الصورة والصوت',
    page: 'تجميد الصفحة',
    ice: 'إفشال الاتصالات',
    relay: 'عبر الخادم فقط',
    udp: 'من دون UDP',
    bitrate: 'كيلوبت/ث',
    throttle: 'تقييد السرعة',
  },
};

/** Those of the language that is spoken. */
export function debugWords() {
  return all[currentLanguage()] ?? en;
}
