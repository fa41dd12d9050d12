SELECT hall.put_offer(13700137306, 'offer-1', '长途优惠包', hall.now() + interval '2 days'),
    hall.put_offer(13700137306, 'offer-2', '夜间优惠包', hall.now() + interval '200 days');
